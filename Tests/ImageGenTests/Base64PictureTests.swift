import FoundationEssentials
import Testing

@testable import ImageGen

@Suite struct Base64PictureTests {
    private func find(_ text: String) -> Base64Picture.Found { Base64Picture.find(in: Data(text.utf8)) }

    @Test("base64 of every length comes out as it went in")
    func lengths() {
        for count in 1...70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            #expect(find(#"{"data":[{"b64_json":"\#(Data(bytes).base64EncodedString())"}]}"#) == .picture(bytes))
        }
    }

    @Test("escaped slashes and white space around the member are read, names within texts are not")
    func odd() {
        #expect(find(#"{ "b64_json" : "\/\/8=" }"#) == .picture([255, 255]))
        #expect(find(#"{"a": "b64_json", "t": "\"b64_json\": \"AAAA\"", "b64_json":"AAAA"}"#) == .picture([0, 0, 0]))
        for text in ["", "{}", #"{"b64_json": null}"#, #"{"b64_json""#, #""b64_json""#] {
            #expect(find(text) == .nothing)
        }
        for text in ["", "A", "AA", "AAA", "AAAA=", "AA=A", "AA==AA==", "AA A", "AA-_", "A==="] {
            #expect(find(#"{"b64_json":"\#(text)"}"#) == .broken, "\(text)")
        }
        #expect(find(#"{"b64_json":"AAAA"#) == .broken)
    }

    @Test("every legal form of a JSON text is read: escapes, line breaks, the head of a data URI")
    func forms() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 0xFB) }
        let text = Data(bytes).base64EncodedString()
        func all(_ digits: (UInt8) -> String) -> String { text.utf8.map { "\\u00\(digits($0))" }.joined() }
        let lines = stride(from: 0, to: text.count, by: 76).map { String(text.dropFirst($0).prefix(76)) }
        let forms = [
            text.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "\\u002B"),
            text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\u002f"),
            text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/"),
            all { String($0, radix: 16) }, all { String($0, radix: 16).uppercased() },
            lines.joined(separator: "\\r\\n"), lines.joined(separator: "\\u000a") + "\\n",
            lines.joined(separator: " \\t"), "data:image/png;base64," + text, "data:image\\/png;base64,\\n" + text,
            "\\u0064ata:;base64," + text,
        ]
        for form in forms { #expect(find(#"{"data":[{"b64_json":"\#(form)"}]}"#) == .picture(bytes), "\(form)") }
        #expect(Base64Picture.decode(text) == .picture(bytes))
    }

    @Test("escapes that JSON does not have are broken, wherever the text ends")
    func escapes() {
        for text in [#"AA\q=="#, #"AAA\u00"#, #"AAA\u003"#, #"AA\u00zz="#, #"AAAA\u00e9"#, "AAAA\u{e9}", #"AAA\""#] {
            #expect(find(#"{"b64_json":"\#(text)"}"#) == .broken, "\(text)")
        }
        #expect(find(#"{"b64_json":"AAAA\"#) == .broken)
        #expect(find(#"{"b64_json":"data:image/png;base64,"}"#) == .broken)
    }
}
