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
}
