// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct SecretSettingsTests {
    private func secret(_ environment: [String: String]) throws -> String? {
        try ServiceSettings(environment: environment.merging(["HOME": "/h"]) { old, _ in old }).secret(
            "OPENAI_API_KEY")?
            .reveal()
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = TemporaryPath.new("secret")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(arguments: ["sk-1", "sk-1\n", "sk-1\r\n", " \tsk-1 ", "\"sk-1\"\n", "'sk-1'", "\u{FEFF}sk-1\n"])
    func `white space, line ends and quotes around a key are removed, in a variable and in a file`(_ text: String)
        throws
    {
        #expect(try secret(["OPENAI_API_KEY": text]) == "sk-1")
        try withFile(text) { (path: String) throws in
            #expect(try secret(["OPENAI_API_KEY_FILE": path]) == "sk-1")
            #expect(try secret(["OPENAI_API_KEY_FILE": "\(path)\n", "OPENAI_API_KEY": " "]) == "sk-1")
        }
    }

    @Test
    func `a key that is invalid in a header is an error that names the variable and not the key`() throws {
        for text in ["sk-1\nX-Evil: 1", "sk 1", "sk-\u{E9}", "sk-\u{200B}1"] {
            let error = #expect(throws: (any Error).self) { try secret(["OPENAI_API_KEY": text]) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("OPENAI_API_KEY: "))
            #expect(!"\(error.map { "\($0)" } ?? "")".contains("sk"))
            try withFile(text) { path in
                #expect(throws: (any Error).self) { try secret(["OPENAI_API_KEY_FILE": path]) }
            }
        }
        #expect(try secret(["OPENAI_API_KEY": "\n"]) == nil)
    }
}
