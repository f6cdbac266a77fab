import FoundationEssentials
import HTTP
import Testing

@testable import AWS

@Suite struct S3AnswerTests {
    private func error(_ status: Int, _ body: String, headers: HTTPHeaders = [:]) -> AWSError {
        AWSFailure.error(
            HTTPResponse(status: status, headers: headers, body: Data(body.utf8), bodySize: body.utf8.count), .s3,
            "s3://b/k")
    }

    @Test("elements, entities, comments and character data are read")
    func document() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- hello --><List xmlns="http://x"><Key>a&amp;b&#x20;&lt;&#252;</Key><Key><![CDATA[<raw>]]></Key><Empty/></List>
            """
        let list = try #require(XMLElement(document: Data(text.utf8)))
        #expect(list.all("Key").map(\.text) == ["a&b <ü", "<raw>"])
        #expect(list["Empty"]?.text == "" && list["None"] == nil)
    }

    @Test(
        "what is no document is none",
        arguments: [
            "", "text", "<a>", "<a></b>", "</a>", "<a>&unknown;</a>", "<!DOCTYPE a><a/>", "<a/>rest", "<", "<a",
            String(repeating: "<a>", count: 100_000),
        ])
    func broken(_ text: String) {
        #expect(XMLElement(document: Data(text.utf8)) == nil)
    }

    @Test("codes of S3 become kinds, with AWS's own words and what to do")
    func kinds() {
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
