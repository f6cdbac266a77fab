// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Drawing
import Faults
import FoundationEssentials
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct FolderProviderTests {
    @Test
    func `the user's image is found by its segment, first in the session's subfolder; a missing one is not_found`()
        async throws
    {
        let folder = TemporaryPath.new("folder")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/s1", withIntermediateDirectories: true)
        func paint(_ path: String, width: Int) throws {
            let card = try CardPainter.paint(prompt: "a hill", width: width, height: 90, seed: 1)
            try card.canvas.writePNG(to: path)
        }
        try paint("\(folder)/seg_001.png", width: 160)
        try paint("\(folder)/s1/seg_001.png", width: 320)
        try Data("no picture".utf8).write(to: URL(filePath: "\(folder)/seg_002.jpg"))
        let provider = FolderProvider(folder: ArtifactURI(filePath: folder), artifacts: Artifacts())
        func draw(_ session: String, _ segment: String) async throws -> Int {
            try await provider.draw(
                GenerateImage(
                    prompt: "x", width: 1920, height: 1080, output: "file:///store/u/\(session)/agent5/\(segment).png"),
                to: "\(folder)/out.png"
            ).width
        }
        #expect(try await draw("s1", "seg_001") == 320)
        #expect(try await draw("s2", "seg_001") == 160)
        let broken = await #expect(throws: ServiceError.self) { try await draw("s1", "seg_002") }
        #expect(broken?.kind == .corruptMedia && broken?.message.contains("seg_002.jpg") == true)
        let missing = await #expect(throws: ServiceError.self) { try await draw("s1", "seg_003") }
        #expect(missing?.kind == .notFound && missing?.message.contains("seg_003") == true)
    }
}
