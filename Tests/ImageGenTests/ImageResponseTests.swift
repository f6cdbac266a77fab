// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct ImageResponseTests {
    private func find(_ text: String) -> ImageResponse.Found { ImageResponse.find(in: Data(text.utf8)) }

    private static let png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + (0..<60).map { UInt8($0 * 4) }
    private static let base64 = Data(png).base64EncodedString()

    @Test
    func `base64 of every length is decoded, in each alphabet, with and without padding`() {
        var numbers = SeededGenerator(for: "ImageResponseTests.lengths")
        for count in 1...70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            let text = Data(bytes).base64EncodedString()
            let safe = text.replacing("+", with: "-").replacing("/", with: "_")
            for form in [text, safe, text.replacing("=", with: ""), safe.replacing("=", with: "")] {
                #expect(find(#"{"data":[{"b64_json":"\#(form)"}]}"#) == .image(bytes), "\(form)")
            }
        }
    }

    @Test
    func `escaped slashes and white space are read, and member names inside strings are ignored`() {
        #expect(find(#"{ "b64_json" : "\/\/8=" }"#) == .image([255, 255]))
        #expect(find(#"{"a": "b64_json", "t": "\"b64_json\": \"AAAA\"", "b64_json":"AAAA"}"#) == .image([0, 0, 0]))
        #expect(find("{\"b64_json\":\"AA\nAA\"}") == .image([0, 0, 0]))
        #expect(find(#"{"\u0062\u00364_json":"AAAA"}"#) == .image([0, 0, 0]))
        for text in [
            "", "{}", #"{"b64_json": null}"#, #"{"b64_json""#, #""b64_json""#, #"{"b64_json": ""}"#, "[", "{", "}",
            "[[[",
            #"<html>{"url": "https://a.b/c.png"}</html>"#, String(repeating: "[", count: 100_000),
        ] {
            #expect(find(text) == .nothing, "\(text.prefix(40))")
        }
        for text in ["A", "AAAAA", "AA=A", "AA==AA==", "A===", "AA====", "AA*A", "AAA!"] {
            #expect(find(#"{"b64_json":"\#(text)"}"#) == .broken, "\(text)")
        }
        #expect(find(#"{"b64_json":"AAAA"#) == .broken)
    }

    @Test
    func `an image is read from every form of a JSON string: escapes, line breaks, data URIs`() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 0xFB) }
        let text = Data(bytes).base64EncodedString()
        func all(_ digits: (UInt8) -> String) -> String { text.utf8.map { "\\u00\(digits($0))" }.joined() }
        let lines = stride(from: 0, to: text.count, by: 76).map { String(text.dropFirst($0).prefix(76)) }
        let percent = bytes.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let forms = [
            text.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "\\u002B"),
            text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\u002f"),
            text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/"),
            all { String($0, radix: 16) }, all { String($0, radix: 16).uppercased() },
            lines.joined(separator: "\\r\\n"), lines.joined(separator: "\\u000a") + "\\n",
            lines.joined(separator: " \\t"), "data:image/png;base64," + text, "data:image\\/png;base64,\\n" + text,
            "\\u0064ata:;base64," + text, "DATA:image/png;charset=x;BASE64," + text, "data:image/png," + percent,
            "b'\(text)'", "'\(text)'", #"\"\#(text)\""#, #"b\"\#(text)\""#, "image/png;base64,\(text)",
            "base64,\(text)",
            "data:;base64," + text.replacing("+", with: "%2B").replacing("/", with: "%2f").replacing("=", with: "%3D"),
        ]
        for form in forms {
            #expect(find(#"{"data":[{"b64_json":"\#(form)"}]}"#) == .image(bytes), "\(form)")
            guard form.lowercased().contains(":") else { continue }
            #expect(find(#"{"data":[{"url":"\#(form)"}]}"#) == .image(bytes), "\(form)")
        }
    }

    @Test
    func `invalid and truncated escapes make an image broken`() {
        for text in [
            #"AA\q=="#, #"AAA\u00"#, #"AAA\u003"#, #"AA\u00zz="#, #"AAAA\u00e9"#, "AAAA\u{e9}", #"AAA\""#,
            "data:image/png;base64,", "data:image/png;base64,%4", "data:;base64", "data:,", "data:image/png,%zz",
        ] {
            #expect(find(#"{"b64_json":"\#(text)"}"#) == .broken, "\(text)")
        }
        #expect(find(#"{"b64_json":"AAAA\"#) == .broken)
    }

    @Test
    func `images and links are found in the members that servers use, not in echoed input or previews`() {
        let (base64, image) = (Self.base64, ImageResponse.Found.image(Self.png))
        for text in [
            #"{"images":["\#(base64)"]}"#, #"{"image":"\#(base64)"}"#, #"{"output":"\#(base64)"}"#,
            #"{"data":["\#(base64)"]}"#, #"{"artifacts":[{"base64":"\#(base64)"}]}"#,
            #"{"input":{"image":"AAAA"},"thumbnail":{"url":"https://a.b/t"},"result":{"image":"\#(base64)"}}"#,
            #"{"data":[{"url":"","b64_json":null},{"image":"\#(base64)"}]}"#, #"[{"image":"\#(base64)"}]"#,
            #"{"url":"https://a.b/c","b64_json":"\#(base64)"}"#,
        ] {
            #expect(find(text) == image, "\(text)")
        }
        for (text, link) in [
            (#"{"data":[{"url":"https:\/\/a.b\/c.png?d=\u0031"}]}"#, "https://a.b/c.png?d=1"),
            (#"{"images":["/media/1.png"]}"#, "/media/1.png"),
            (#"{"b64_json":"https://a.b/c.png"}"#, "https://a.b/c.png"),
            (#"{"data":[{"b64_json":"AAAAA","url":"c.png"}]}"#, "c.png"), (#"{"data":{"url":"./c.png"}}"#, "./c.png"),
            (#"{"output":["https://a.b/c"],"urls":{"get":"https://a.b/x"}}"#, "https://a.b/c"),
        ] {
            #expect(find(text) == .link(link), "\(text)")
        }
        for text in [
            #"{"prompt":"https://a.b/c.png"}"#, #"{"output":"done"}"#, #"{"result":"ok","data":"none"}"#,
            #"{"error":{"url":"https://a.b/help"}}"#,
        ] {
            #expect(find(text) == .nothing, "\(text)")
        }
        #expect(ImageResponse.find(in: Data(Self.png)) == image)
        #expect(find(#""{\"data\": [{\"b64_json\": \"\#(base64)\"}]}""#) == image)
        #expect(find("\u{FEFF}{\"b64_json\":\"AAAA\"}") == .image([0, 0, 0]))
    }

    @Test
    func `the last finished image of a stream counts, never a preview`() {
        let preview = "event: image_generation.partial_image\ndata: {\"b64_json\":\"AAAA\"}\n\n"
        let unnamed = "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AAAA\"}\n\n"
        let indexed = "data: {\"b64_json\":\"AAAA\",\"partial_image_index\":0}\n\n"
        let completed = "event: image_generation.completed\ndata: {\"b64_json\":\"/////w==\"}\n\n"
        let bytes = ImageResponse.Found.image([255, 255, 255, 255])
        for stream in [
            preview + completed, completed, unnamed + completed + "data: [DONE]\n\n", indexed + completed + preview,
            ": comment\n\nid: 1\nretry: 5\n" + completed, completed.replacing("\n", with: "\r\n"),
            completed.replacing("\n", with: "\r"), String(completed.dropLast(2)),
            "data: {\"b64_json\":\"AAAA\"}\n\n" + completed,
        ] {
            #expect(find(stream) == bytes, "\(stream)")
        }
        for (stream, count) in [(preview, 1), (preview + unnamed + indexed, 3)] {
            #expect(find(stream) == .previews(count), "\(stream)")
        }
        let draft = "event: image.draft\ndata: {\"b64_json\":\"AAAA\"}\n\n"
        let step = "data: {\"b64_json\":\"AAAA\",\"step\":1,\"total_steps\":4}\n\n"
        let last = "data: {\"b64_json\":\"/////w==\",\"step\":4,\"total_steps\":4}\n\n"
        #expect(find(draft + step) == .previews(2))
        #expect(find(step + last) == bytes)
        let tiny = "data: {\"b64_json\":\"\(Self.base64)\"}\n\n"
        #expect(ImageResponse.find(in: Data(tiny.utf8), size: (1000, 1000)) != .nothing)
        #expect(find(preview + "event: image_generation.completed\ndata: {\"b64_json\":\"AAA") == .broken)
        #expect(find("data: [DONE]\n\n") == .nothing)
        #expect(find("{\"b64_json\":\"AAAA\",\"done\":false}\n{\"b64_json\":\"/////w==\",\"done\":true}\n") == bytes)
    }

    @Test
    func `an image that a filter withheld or blacked out is reported as withheld`() {
        #expect(
            find(#"{"artifacts":[{"base64":"AAAA","finishReason":"CONTENT_FILTERED"}]}"#)
                == .withheld("content_filtered"))
        #expect(
            find(#"{"images":[{"url":"https://a.b/c"}],"has_nsfw_concepts":[true]}"#) == .withheld("has_nsfw_concepts"))
        #expect(find(#"{"data":[{"content_filter_results":{"hate":{"filtered":true}}}]}"#) == .withheld("hate"))
        let allowed = #"{"data":[{"b64_json":"AAAA","content_filter_results":{"hate":{"filtered":false}}}]}"#
        #expect(find(allowed) == .image([0, 0, 0]))
        #expect(find(#"{"image":"\#(Self.base64)","finish_reason":"SUCCESS"}"#) == .image(Self.png))
    }

    @Test
    func `links are resolved against the server's URL`() {
        let base = "https://a.b:8/v1"
        for (link, url) in [
            ("/c.png", "https://a.b:8/c.png"), ("c.png", "https://a.b:8/v1/c.png"),
            ("./c.png", "https://a.b:8/v1/c.png"),
            ("//d.e/c.png", "https://d.e/c.png"), ("http://d.e/c.png", "http://d.e/c.png"),
            ("file:///etc/passwd", "file:///etc/passwd"), ("/a b\u{e9}.png", "https://a.b:8/a%20b%C3%A9.png"),
        ] {
            #expect(ResponseLink.resolved(link, base: base) == url)
        }
    }

    @Test
    func `a randomly damaged response never traps`() {
        var numbers = SeededGenerator(for: "ImageResponseTests.damage")
        let good = [
            #"{"data":[{"b64_json":"\#(Self.base64)","url":"data:image/png,%89%50"}],"status":"succeeded"}"#,
            "event: image_generation.completed\ndata: {\"b64_json\":\"\(Self.base64)\"}\n\ndata: [DONE]\n\n",
        ].map { Array($0.utf8) }
        for _ in 0..<2000 {
            var bytes = good[Int.random(in: 0..<good.count, using: &numbers)]
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                let index = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.removeSubrange(index..<min(index + 9, bytes.count - 1))
                case 2: bytes.insert(contentsOf: Array(#"\u"{[%:"#.utf8).shuffled(using: &numbers), at: index)
                default: bytes.append(contentsOf: bytes[index...].prefix(40))
                }
            }
            switch ImageResponse.find(in: Data(bytes)) {
            case .image(let found): #expect(found.count <= bytes.count)
            case .link(let found): #expect(found.utf8.count <= bytes.count)
            case .nothing, .broken, .previews, .withheld: break
            }
        }
    }
}
