// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Providers
import Testing

@Suite(.timeLimit(.minutes(1))) struct MediaLinksTests {
    @Test(
        arguments: [
            (#""https://x.y/a.mp4""#, ["https://x.y/a.mp4"]),
            (#"["https://x.y/1", "https://x.y/2"]"#, ["https://x.y/1", "https://x.y/2"]),
            (#"{"video": "https://x.y/a", "thumbnail": "https://x.y/b.png"}"#, ["https://x.y/a"]),
            (#"{"files": [[{"url": "https://x.y/a.webm"}], {"url": "https://x.y/c.json"}]}"#, ["https://x.y/a.webm"]),
            (#"{"video": {"url": "https://x.y/v", "content_type": "video/mp4"}, "seed": 7}"#, ["https://x.y/v"]),
            (
                #"{"cover_url": "https://x.y/c", "watermarked_url": "https://x.y/w", "url": "https://x.y/u"}"#,
                ["https://x.y/u"]
            ),
            (
                #"{"last_frame_url": "https://x.y/l.png", "video_url": "https://x.y/v.mp4?e=1.png"}"#,
                ["https://x.y/v.mp4?e=1.png"]
            ),
            (
                #"{"video": "data:video/mp4;base64,AAAA", "poster": "data:image/png;base64,AAAA"}"#,
                ["data:video/mp4;base64,AAAA"]
            ),
            (#"{"b64_json": "AAAAAAAAAAAAAAAAAAAAAAAA"}"#, ["data:;base64,AAAAAAAAAAAAAAAAAAAAAAAA"]),
            (#"{"url": "/files/a.mp4"}"#, ["https://base:1/files/a.mp4"]),
            (#""file:///etc/passwd""#, []), (#""hello""#, []), ("null", []), ("7", []), (#"{"url": "//x.y/a"}"#, []),
        ] as [(String, [String])])
    func `results in strings, lists and dictionaries are found; thumbnails and status URLs are not results`(
        _ text: String, _ expected: [String]
    ) throws {
        let value = try JSONCoding.decode(JSONValue.self, from: Data(text.utf8))
        #expect(MediaLinks.find(.video, in: value, base: "https://base:1/v1") == expected)
    }

    @Test
    func `the wanted kind of media is preferred`() {
        let value: JSONValue = ["video": "https://x.y/a.mp4", "image": "https://x.y/a.png"]
        #expect(MediaLinks.find(.image, in: value) == ["https://x.y/a.png"])
        #expect(MediaLinks.find(.video, in: value) == ["https://x.y/a.mp4"])
    }

    @Test
    func `data: URIs are decoded from base64 of every form and from percent encoding; invalid ones are rejected`() {
        let bytes = Data([0xFB, 0xFF, 0xFE, 0x00])
        for text in [
            "data:image/png;base64,+//+AA==", "DATA:image/png;charset=utf-8;BASE64,-__-AA",
            "data:image/png;base64,%2B//%2BAA%3D%3D",
            "data:image/png;base64,+//+\nAA==", "data:image/png,%FB%ff%FE%00",
        ] {
            let uri = DataURI(text)
            #expect(uri?.bytes == bytes && uri?.mediaType == "image/png", "\(text)")
        }
        for text in [
            "data:image/png;base64,+//+A", "data:image/png;base64,A?==", "data:image/png;base64,", "data:image/png,%F",
            "data:image/png", "image/png,AA", "data:image/png;base64,AA=A",
        ] {
            #expect(DataURI(text) == nil, "\(text)")
        }
    }
}
