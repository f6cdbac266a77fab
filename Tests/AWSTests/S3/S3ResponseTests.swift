// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(5))) struct S3ResponseTests {
    private func error(_ status: Int, _ body: String, headers: HTTPHeaders = [:]) -> AWSError {
        AWSErrorResponse.error(
            HTTPResponse(status: status, headers: headers, body: Data(body.utf8), bodySize: body.utf8.count), .s3,
            "s3://b/k")
    }

    @Test
    func `elements, entities, comments and CDATA sections are parsed`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- hello --><List xmlns="http://x"><Key>a&amp;b&#x20;&lt;&#252;</Key><Key><![CDATA[<raw>]]></Key><Empty/></List>
            """
        let list = try #require(XMLElement(document: Data(text.utf8)))
        #expect(list.children(named: "Key").map(\.text) == ["a&b <ü", "<raw>"])
        #expect(list["Empty"]?.text == "" && list["None"] == nil)
    }

    @Test
    func `combining characters after delimiters and invalid UTF-8 do not break parsing`() throws {
        for mark in ["\u{301}", "\u{FE0F}", "\u{200D}", "\u{308}\u{301}", "\u{1F3FB}"] {
            let text =
                "<List>\(mark)<Key>\(mark)R&amp;\(mark)B&#x26;\(mark)&lt;\(mark)</Key>\(mark)<!--\(mark)-->\(mark)"
            let key = "<Key><![CDATA[\(mark)x]]>\(mark)</Key></List>\n"
            let list = try #require(XMLElement(document: Data((text + key).utf8)))
            let expected = ["\(mark)R&\(mark)B&\(mark)<\(mark)", "\(mark)x\(mark)"]
            #expect(list.children(named: "Key").map { Array($0.text.utf8) } == expected.map { Array($0.utf8) })
            #expect(XMLElement.escaped("a&\(mark)<\(mark)>\(mark)") == "a&amp;\(mark)&lt;\(mark)&gt;\(mark)")
        }
        let invalid = Data("<List><Key>a".utf8) + [0xFF, 0xC3] + Data("b</Key><Key>c</Key></List>".utf8)
        #expect(XMLElement(document: invalid)?.children(named: "Key").map(\.text) == ["a\u{FFFD}\u{FFFD}b", "c"])
        #expect(CanonicalEncoding.decoded("%+f") == nil && CanonicalEncoding.decoded("%2B+") == "+ ")
    }

    @Test
    func `messages quote AWS's text, bounded and printable, and nothing of other bodies`() {
        for page in [
            "<html><body>portal of the hotel</body></html>", "<!DOCTYPE html><p>portal", "portal", "{\"portal\": 1}",
            "<Error><Code>portal", "[\"portal\"]", String(repeating: "portal", count: 10_000),
        ] {
            for status in [301, 400, 403, 404, 500, 502] {
                #expect(!error(status, page, headers: ["content-type": "text/html"]).message.contains("portal"))
            }
        }
        let long = String(repeating: "x", count: 60_000)
        for body in [
            "<Error><Code>AccessDenied\u{1B}[2J</Code><Message>\u{1B}[31m\(long)</Message><RequestId>\(long)</RequestId></Error>",
            "{\"code\": \"AccessDenied\", \"message\": \"\\u001b\(long)\"}",
            "{\"__type\": \"a#\(long)\", \"message\": \"b\"}",
        ] {
            let found = error(403, body, headers: ["x-amz-bucket-region": long])
            #expect(found.message.utf8.count < 1500 && !found.message.contains("\u{1B}"))
            #expect((found.requestID ?? "").utf8.count <= 200 && (found.code ?? "").utf8.count <= 110)
        }
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "</a>", "<a>&unknown;</a>", "<!DOCTYPE a><a/>", "<a/>rest", "<", "<a",
        String(repeating: "<a>", count: 100_000),
    ])
    func `malformed documents are rejected`(_ text: String) {
        #expect(XMLElement(document: Data(text.utf8)) == nil)
    }

    @Test
    func `S3 error codes map to kinds, with AWS's message and advice`() {
        let denied = error(
            403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>R1</RequestId></Error>")
        #expect(denied.kind == .unauthorized && denied.code == "AccessDenied" && denied.requestID == "R1")
        #expect(denied.message.hasPrefix("s3://b/k: AccessDenied: Access Denied; "))
        let slow = error(503, "<Error><Code>SlowDown</Code><Message>Please reduce</Message></Error>")
        #expect(slow.kind == .rateLimited && slow.retryable)
        #expect(error(404, "").kind == .notFound)
        #expect(error(412, "<Error><Code>PreconditionFailed</Code></Error>").kind == .conflict)
        #expect(error(502, "<html>bad gateway</html>").retryable)
        let moved = error(301, "", headers: ["x-amz-bucket-region": "eu-west-1"])
        #expect(moved.message.contains("AWS_REGION=eu-west-1") && !moved.retryable)
    }
}
