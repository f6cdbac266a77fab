import Foundation
import Testing

/// A short run of each fuzzer of `Tests/Fuzz`: every input that once broke something, then new ones of one seed. `make fuzz` runs
/// them for minutes, with seeds of their own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FuzzTests {
    @Test(
        "no input ends a process, fills its memory, or is answered by an internal error",
        arguments: ["rpc", "web", "media"])
    func short(what: String) async throws {
        let folder = "/tmp/us-fuzz-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let root = Program.folder.replacing(try Regex("/\\.build.*$"), with: "")
        let ended = try await Program.run(
            "/usr/bin/env",
            [
                "python3", "-B", "\(root)/Tests/Fuzz/fuzz.py", what, "--seconds", "6", "--seed", "1", "--executables",
                Program.folder, "--found", folder,
            ])
        #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
        #expect(ended.output.contains("nothing broke"))
    }
}
