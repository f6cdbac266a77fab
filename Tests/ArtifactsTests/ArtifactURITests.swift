// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import Artifacts

@Suite(.timeLimit(.minutes(5))) struct ArtifactURITests {
    @Test
    func `URIs of files and objects round-trip`() throws {
        #expect(try ArtifactURI("file:///a/b.png").path == "/a/b.png")
        #expect(try ArtifactURI("file:///a%20b/c").path == "/a b/c")
        #expect(try ArtifactURI("file:///a b/c").description == "file:///a%20b/c")
        #expect(try ArtifactURI("s3://bucket/key/x").path == "bucket/key/x")
        let file = ArtifactURI(filePath: "/tmp/ü 100%#?.png")
        #expect(try ArtifactURI(file.description) == file)
        #expect(try ArtifactURI("file:///store").appending("a/b c").path == "/store/a/b c")
    }

    @Test(arguments: [
        "", "/a/b", "file://a/b", "file:///a/../b", "http://x/y", "file:///", "file:///a%00b", "file:///a/%2e%2e/b",
    ])
    func `relative paths, parent references, NUL and other schemes are rejected`(_ text: String) {
        let error = #expect(throws: ServiceError.self) { try ArtifactURI(text, at: "/image") }
        #expect(error?.message.hasPrefix("/image: expected") == true)
    }

    @Test
    func `a folder contains its descendants but not siblings with the same prefix`() throws {
        let store = try ArtifactURI("file:///store")
        #expect(try ArtifactURI("file:///store/x").isBelow(store))
        #expect(try !ArtifactURI("file:///store2/x").isBelow(store))
    }
}
