// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import Agent5

@Suite(.timeLimit(.minutes(1))) struct ShellWordsTests {
    @Test(
        arguments: [
            ("python3  agent5.py", ["python3", "agent5.py"]),
            (#"'/my agents/run' --style "a b" c\ d"#, ["/my agents/run", "--style", "a b", "c d"]),
            (#"run '' "" x"y"'z'"#, ["run", "", "", "xyz"]),
            (#"run "a\"b\n" 'c\d'"#, ["run", #"a"b\n"#, #"c\d"#]),
            ("run $HOME *.py | ;", ["run", "$HOME", "*.py", "|", ";"]),
        ] as [(String, [String])])
    func `a command is split into words like in a POSIX shell`(text: String, expected: [String]) throws {
        #expect(try ShellWords.split(text) == expected)
    }

    @Test(arguments: ["", "  ", "run 'x", #"run "x"#, #"run \"#, "'' x"])
    func `an incomplete or empty command is rejected`(text: String) {
        let error = #expect(throws: ServiceError.self) { try ShellWords.split(text) }
        #expect(error?.kind == .invalidParams)
    }
}
