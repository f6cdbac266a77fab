import Contracts
import Faults
import JobFiles
import Testing

@Suite struct PlacesTests {
    @Test("files lie where every other agent looks for them")
    func places() throws {
        let places = try Places(userID: "u1", sessionID: "s.1")
        #expect(places.storyboard == "scaffold_test/u1/s.1/agent2/storyboard.json")
        #expect(places.clip("seg_001") == "scaffold_test/u1/s.1/agent5/seg_001_clip.mp4")
        #expect(places.still("seg_001") == "scaffold_test/u1/s.1/agent5/seg_001.png")
        #expect(places.film == "scaffold_test/u1/s.1/agent5/final.mp4")
    }

    @Test(
        "ids that climb, hide or overflow are refused", arguments: ["", ".", "..", "a/b", "a\0b", "é", "a b", "a\nb"])
    func ids(_ id: String) {
        #expect(throws: ServiceError.self) { try Places(userID: id, sessionID: "s") }
        #expect(!Identifier.isValid(String(repeating: "x", count: 65)))
        #expect(Identifier.isValid(String(repeating: "x", count: 64)))
    }
}
