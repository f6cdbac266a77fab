// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct ProviderErrorMapperTests {
    private let mapper = ProviderErrorMapper(provider: "acme")

    private func response(_ status: Int, _ body: String = "", _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Data(body.utf8))
    }

    @Test(
        arguments: [
            (303, .unavailable, false, .unknown), (400, .invalidParams, false, .refused),
            (401, .unauthorized, false, .refused), (402, .quotaExhausted, false, .refused),
            (403, .unauthorized, false, .refused), (404, .unavailable, false, .refused),
            (408, .unavailable, true, .unknown), (409, .unavailable, true, .refused),
            (413, .tooLarge, false, .refused), (422, .invalidParams, false, .refused),
            (429, .rateLimited, true, .refused), (499, .invalidParams, false, .unknown),
            (500, .unavailable, true, .unknown), (502, .unavailable, true, .unknown),
            (503, .unavailable, true, .unknown), (524, .unavailable, true, .unknown),
        ] as [(Int, ErrorKind, Bool, ChargeStatus)])
    func `a status without a body has a kind and a charge status`(
        _ status: Int, _ kind: ErrorKind, _ retryable: Bool, _ chargeStatus: ChargeStatus
    ) throws {
        let error = try #require(mapper.error(response(status)))
        #expect(error.kind == kind)
        #expect(error.retryable == retryable)
        #expect(error.chargeStatus == chargeStatus)
        #expect(error.message.hasPrefix("acme: answered \(status)"))
    }

    @Test(
        arguments: [
            (500, #"{"error": {"code": "content_policy_violation", "message": "no"}}"#, .contentRejected, .refused),
            (500, #"{"error": {"code": 402, "message": "upstream"}}"#, .quotaExhausted, .refused),
            (500, #"{"error": {"message": "Request timed out"}}"#, .unavailable, .unknown),
            (429, #"{"error": {"code": "insufficient_quota"}}"#, .quotaExhausted, .refused),
            (200, #"{"error": {"code": 402, "message": "Insufficient credits"}}"#, .quotaExhausted, .refused),
            (200, #"{"error": {"code": "401", "message": "bad key"}}"#, .unauthorized, .refused),
            (200, #"{"error": {"message": "overloaded"}}"#, .unavailable, .unknown),
        ] as [(Int, String, ErrorKind, ChargeStatus)])
    func `the body of a response determines kind and charge status`(
        _ status: Int, _ body: String, _ kind: ErrorKind, _ chargeStatus: ChargeStatus
    ) throws {
        let error = try #require(mapper.error(response(status, body)))
        #expect(error.kind == kind)
        #expect(error.chargeStatus == chargeStatus)
    }

    @Test func `a success without an error maps to nil`() {
        #expect(mapper.error(response(200, #"{"data": []}"#)) == nil)
        #expect(mapper.error(response(204)) == nil)
    }

    @Test func `an error has the advice, the code, the request ID and the reason of a rejection`() throws {
        let key = try #require(mapper.error(response(401, "", ["x-request-id": "r1"])))
        #expect(key.message == "acme: answered 401; check the key" && key.requestID == "r1")
        let page = try #require(mapper.error(response(500, "<html>", ["content-type": "text/html"])))
        #expect(page.message == "acme: answered 500 with a web page")
        let body = #"""
            {"error": {"code": "content_filter", "message": "the prompt was blocked", "inner_error": {
              "code": "ResponsibleAIPolicyViolation", "content_filter_results": {"violence": {"filtered": true}}}}}
            """#
        let rejected = try #require(mapper.error(response(400, body)))
        #expect(rejected.kind == .contentRejected && rejected.message == "acme: the prompt was blocked")
        #expect(rejected.detail == "the prompt was blocked\nfiltered: violence")
        #expect(rejected.providerCode == "ResponsibleAIPolicyViolation")
    }

    @Test func `the headers of a response override the retry`() {
        #expect(mapper.error(response(503, "", ["x-should-retry": "false"]))?.retryable == false)
        #expect(mapper.error(response(400, "", ["x-should-retry": "true"]))?.retryable == true)
        #expect(mapper.error(response(429, "", ["retry-after": "3"]))?.retryAfter == 3)
    }

    @Test(
        arguments: [
            (503, "", ["retry-after": "1"], true), (529, "", ["retry-after": "1"], true), (503, "", [:], false),
            (503, #"{"error": {"message": "The engine is currently overloaded"}}"#, [:], true),
            (502, #"{"error": {"message": "overloaded"}}"#, ["retry-after": "1"], false),
            (500, "", ["retry-after": "1"], false), (400, #"{"error": "rate limit"}"#, [:], false),
        ] as [(Int, String, HTTPHeaders, Bool)])
    func `an order counts as unprocessed only if the server itself reports it`(
        _ status: Int, _ body: String, _ headers: HTTPHeaders, _ expected: Bool
    ) {
        #expect(mapper.reportsUnprocessed(response(status, body, headers)) == expected)
    }

    @Test func `a message in a success without a result is an error of unknown charge status`() throws {
        let body = #"{"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}"#
        let error = try #require(mapper.errorInSuccess(response(200, body)))
        #expect(error.kind == .quotaExhausted && error.chargeStatus == .unknown && !error.retryable)
        #expect(error.message == "acme: insufficient balance; add credit to the account")
        #expect(error.providerCode == "1008")
        for text in [#"{"message": "success"}"#, #"{"msg": "OK"}"#, "{}", "<html>"] {
            #expect(mapper.errorInSuccess(response(200, text)) == nil, "\(text)")
        }
    }

    @Test(
        arguments: [
            (.unreachable, false, .unavailable, .refused), (.invalidRequest, false, .unavailable, .refused),
            (.timeout, true, .timeout, .unknown), (.interrupted, true, .unavailable, .unknown),
            (.tooLarge, true, .tooLarge, .billed),
        ] as [(HTTPError.Kind, Bool, ErrorKind, ChargeStatus)])
    func `a transport error is refused if nothing was sent, and billed if the response was too large`(
        _ kind: HTTPError.Kind, _ wasSent: Bool, _ expected: ErrorKind, _ chargeStatus: ChargeStatus
    ) {
        var cause = HTTPError(kind, "https://x.y: failed")
        cause.wasSent = wasSent
        let error = mapper.error(cause)
        #expect(error.kind == expected)
        #expect(error.chargeStatus == chargeStatus)
    }

    @Test func `a paid result that cannot be fetched is billed and not retryable`() async throws {
        var calls = 0
        var failure: ServiceError?
        do {
            _ = try await PaidResult(provider: "acme", id: "p1").fetch { () async throws -> Int in
                calls += 1
                throw ServiceError(.corruptMedia, "acme: truncated", retryable: false)
            }
        } catch let error as ServiceError {
            failure = error
        }
        #expect(calls == 1)
        #expect(failure?.chargeStatus == .billed && failure?.retryable == false && failure?.requestID == "p1")
        #expect(failure?.message == "acme: truncated; acme's p1 has ended and is booked as billed")
    }
}
