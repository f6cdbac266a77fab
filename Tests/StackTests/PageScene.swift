// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Plays scenes of `Tests/Browser/page.py` with scripted leads.
enum PageScene {
    /// A lead that fails at once.
    static let quick = script(#"{"steps": [\#(noCredit)]}"#)
    /// A lead that keeps the job of one session running.
    static let holding = script(
        #"{"match": {"session_id": "held-1"}, "steps": [{"progress": 0.4, "message": "rendering"}, {"wait_ms": 600000}]}"#,
        #"{"steps": [\#(noCredit)]}"#)
    static let noCredit =
        #"{"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}"#

    static func script(_ calls: String...) -> String { "{\"calls\": [\(calls.joined(separator: ","))]}" }

    /// Runs a scene of `Tests/Browser/page.py`, with a folder without images as one of the image providers.
    static func play(_ scene: String, script: String = PageFixture.script) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "us-pictures-\(UUID().uuidString)")
        let pictures = folder.appending(path: "<i>gone").path
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = ["UNDERSTUDY_IMAGE_FOLDER": pictures, "UNDERSTUDY_IMAGE_PROVIDERS": "card,folder"]
        try await PageFixture.with(script: script, environment) { page in
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, scene) }
        }
    }
}
