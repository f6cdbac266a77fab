// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ErrorBodyTests {
    private func parse(_ text: String, isSuccess: Bool = false) -> ErrorBody? {
        ErrorBody(Data(text.utf8), isSuccess: isSuccess)
    }

    @Test(
        arguments: [
            (
                #"{"error": {"message": "no", "code": "blocked", "type": "invalid"}}"#, "no", ["blocked", "invalid"],
                nil
            ),
            (#"{"error": "out of memory"}"#, "out of memory", [], nil),
            (#"{"detail": [{"msg": "too wide"}, {"msg": "too high"}]}"#, "too wide; too high", [], nil),
            (#"{"errors": [{"code": 1000, "message": "bad"}]}"#, "bad", ["1000"], nil),
            (#"{"success": false, "message": "busy", "code": 503}"#, "busy", ["503"], 503),
            (#"{"error": {"code": "402", "message": "pay"}}"#, "pay", ["402"], 402),
            (
                #"{"error": {"message": "{\"error\": {\"code\": \"quota\", \"message\": \"inner\"}}"}}"#, "inner",
                ["quota"], nil
            ),
            (#"{"error": true, "message": "no"}"#, "no", [], nil),
            ("\u{FEFF}{\"message\": \"after a byte order mark\"}", "after a byte order mark", [], nil),
        ] as [(String, String, [String], Int?)])
    func `an error body is read in the shapes of real servers`(
        _ text: String, _ message: String, _ codes: [String], _ number: Int?
    ) throws {
        let body = try #require(parse(text))
        #expect(body.message == message)
        #expect(body.codes == codes)
        #expect(body.number == number)
    }

    @Test func `the code of a nested cause comes before the code of the error`() throws {
        let body = try #require(
            parse(
                #"""
                {"error": {"code": "content_filter", "message": "filtered", "innererror": {
                  "code": "ResponsibleAIPolicyViolation", "content_filter_result": {
                    "violence": {"filtered": true, "severity": "high"}, "hate": {"filtered": false}}}}}
                """#))
        #expect(body.codes == ["ResponsibleAIPolicyViolation", "content_filter"])
        #expect(body.filters == ["violence (high)"])
        #expect(body.message == "filtered")
    }

    @Test func `a success is an error only if its body is marked as one`() {
        for text in [
            #"{"data": []}"#, #"{"error": null, "data": 1}"#, #"{"error": {}}"#, #"{"error": ""}"#,
            #"{"error": false}"#,
            #"{"message": "hello"}"#, #"{"status": "succeeded", "message": "done"}"#,
        ] {
            #expect(parse(text, isSuccess: true) == nil, "\(text)")
        }
        for text in [
            #"{"success": false}"#, #"{"status": "failed"}"#, #"{"code": 429}"#, #"{"error": {"message": "no"}}"#,
        ] {
            #expect(parse(text, isSuccess: true) != nil, "\(text)")
        }
    }

    @Test func `a body that is not an error object is ignored`() {
        for text in ["", "<html>", "7", "[]", "\"text\"", "{\"error\": ", "{}"] {
            #expect(parse(text) == nil, "\(text)")
        }
        let large = #"{"error": "\#(String(repeating: "a", count: 1 << 20))"}"#
        #expect(parse(large) == nil)
    }
}
