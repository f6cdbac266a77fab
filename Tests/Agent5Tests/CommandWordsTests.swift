import Faults
import Testing

@testable import Agent5

struct CommandWordsTests {
    @Test(
        "A command splits into words as in a shell",
        arguments: [
            ("python3  agent5.py", ["python3", "agent5.py"]),
            (#"'/my agents/run' --style "a b" c\ d"#, ["/my agents/run", "--style", "a b", "c d"]),
            (#"run '' "" x"y"'z'"#, ["run", "", "", "xyz"]),
            (#"run "a\"b\n" 'c\d'"#, ["run", #"a"b\n"#, #"c\d"#]),
            ("run $HOME *.py | ;", ["run", "$HOME", "*.py", "|", ";"]),
        ] as [(String, [String])])
    func words(text: String, expected: [String]) throws {
        #expect(try CommandWords.split(text) == expected)
    }

    @Test("A command that is none is refused", arguments: ["", "  ", "run 'x", #"run "x"#, #"run \"#, "'' x"])
    func refused(text: String) {
        let error = #expect(throws: ServiceError.self) { try CommandWords.split(text) }
        #expect(error?.kind == .invalidParams)
    }
}
