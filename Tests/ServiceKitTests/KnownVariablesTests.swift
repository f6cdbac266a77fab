// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct KnownVariablesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test
    func `an unknown variable is reported with the nearest known name`() {
        let warnings = KnownVariables.warnings([
            "UNDERSTUDY_LOG_LEVLE", "UNDERSTUDY_STORE", "PATH", "UNDERSTUDY_XYZZY_12345",
        ])
        #expect(
            warnings == [
                "UNDERSTUDY_LOG_LEVLE is not a known setting: did you mean UNDERSTUDY_LOG_LEVEL?",
                "UNDERSTUDY_XYZZY_12345 is not a known setting",
            ])
    }

    @Test
    func `every variable that the sources read is known, and every known one is explained in .env.example`() throws {
        let example = try String(contentsOf: Self.root.appending(path: "compose/.env.example"), encoding: .utf8)
        let explained = example.split(separator: "\n").filter { $0.hasPrefix("#UNDERSTUDY_") }
            .map { String($0.dropFirst().prefix { $0 != "=" }) }
        #expect(Set(explained) == KnownVariables.names && explained.count == KnownVariables.names.count)
        var read: Set<String> = []
        for folder in ["Sources", "services"] {
            let place = Self.root.appending(path: folder)
            for file in try FileManager.default.subpathsOfDirectory(atPath: place.path) where file.hasSuffix(".swift") {
                let text = try String(contentsOf: place.appending(path: file), encoding: .utf8)
                for part in text.split(separator: "\"") where part.hasPrefix("UNDERSTUDY_") {
                    if part.utf8.allSatisfy({ $0 == 95 || (48...57).contains($0) || (65...90).contains($0) }) {
                        read.insert(String(part))
                    }
                }
            }
        }
        #expect(read.subtracting(["UNDERSTUDY_"]) == KnownVariables.names)
    }
}
