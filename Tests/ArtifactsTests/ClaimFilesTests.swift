import Artifacts
import Foundation
import Testing

@Suite struct ClaimFilesTests {
    @Test("of all who claim a name at the same time one gets it, and gets it again after a restart")
    func claims() async throws {
        let folder = "/tmp/us-claims-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = "https://a.b/v1/videos/../../x"
        let won = await withTaskGroup(of: Int?.self) { group in
            for owner in 0..<20 {
                group.addTask { ClaimFiles(folder: folder, owner: "\(owner)").claim(name) ? owner : nil }
            }
            return await group.reduce(into: [Int]()) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(won.count == 1)
        let winner = try #require(won.first)
        #expect(ClaimFiles(folder: folder, owner: "\(winner)").claim(name))
        #expect(!ClaimFiles(folder: folder, owner: "other").claim(name))
        #expect(ClaimFiles(folder: folder, owner: "other").isClaimed(name))
        #expect(!ClaimFiles(folder: folder, owner: "other").isClaimed("\(name)y"))
        #expect(ClaimFiles(folder: "\(folder)/none", owner: "a").claim(name))
    }
}
