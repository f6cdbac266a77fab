// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ClaimFilesTests {
    @Test
    func `exactly one of concurrent owners gets a claim, and regains it after a restart`() async throws {
        let folder = TemporaryPath.new("claims")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let name = "https://a.b/v1/videos/../../x"
        let winners = await withTaskGroup(of: Int?.self) { group in
            for owner in 0..<20 {
                group.addTask { ClaimFiles(folder: folder, owner: "\(owner)").claim(name) ? owner : nil }
            }
            return await group.reduce(into: [Int]()) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(winners.count == 1)
        let winner = try #require(winners.first)
        #expect(ClaimFiles(folder: folder, owner: "\(winner)").claim(name))
        #expect(!ClaimFiles(folder: folder, owner: "other").claim(name))
        #expect(ClaimFiles(folder: folder, owner: "other").isClaimed(name))
        #expect(!ClaimFiles(folder: folder, owner: "other").isClaimed("\(name)y"))
        #expect(ClaimFiles(folder: "\(folder)/none", owner: "a").claim(name))
    }
}
