// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JobFiles
import Testing

@Suite(.timeLimit(.minutes(1))) struct JobFilePathsTests {
    @Test
    func `paths match the folder layout that the other agents use`() throws {
        let paths = try JobFilePaths(userID: "u1", sessionID: "s.1")
        #expect(paths.storyboard == "scaffold_test/u1/s.1/agent2/storyboard.json")
        #expect(paths.clip("seg_001") == "scaffold_test/u1/s.1/agent5/seg_001_clip.mp4")
        #expect(paths.still("seg_001") == "scaffold_test/u1/s.1/agent5/seg_001.png")
        #expect(paths.film == "scaffold_test/u1/s.1/agent5/final.mp4")
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\0b", "é", "a b", "a\nb"])
    func `ids that are not plain file names of 1 to 64 characters are rejected`(_ id: String) {
        #expect(throws: ServiceError.self) { try JobFilePaths(userID: id, sessionID: "s") }
        #expect(!Identifier.isValid(String(repeating: "x", count: 65)))
        #expect(Identifier.isValid(String(repeating: "x", count: 64)))
    }
}
