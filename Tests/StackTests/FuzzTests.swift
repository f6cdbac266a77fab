// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A short run of each fuzzer of `Tests/Fuzz`: every input of the corpus, then new inputs from a fixed seed. `make fuzz` runs them for
/// minutes with random seeds.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FuzzTests {
    @Test(arguments: ["rpc", "web", "media"])
    func `no input ends a process, exceeds its memory bound, or causes an internal error`(of kind: String) async throws
    {
        let folder = TemporaryPath.new("fuzz")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let root = Program.folder.replacing(try Regex("/\\.build.*$"), with: "")
        let result = try await Program.run(
            "/usr/bin/env",
            [
                "python3", "-B", "\(root)/Tests/Fuzz/fuzz.py", kind, "--seconds", "3", "--seed", "1", "--executables",
                Program.folder, "--found", folder,
            ])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("nothing broke"))
    }
}
