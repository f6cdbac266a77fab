// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServiceErrorTests {
    @Test
    func `an error is encoded with code, message and data`() throws {
        let error = ServiceError(.rateLimited, "slow down", retryAfter: 3, provider: "acme")
        let json = try JSONCoding.convert(error, to: JSONValue.self)
        #expect(json["code"] == .integer(-32012))
        #expect(json["data"]?["kind"] == "rate_limited")
        #expect(json["data"]?["retry_after_s"]?.double == 3)
        #expect(json["data"]?["retryable"] == .bool(true))
        #expect(try JSONCoding.convert(json, to: ServiceError.self) == error)
    }

    @Test
    func `texts and numbers are bounded on encoding and on decoding`() throws {
        let long = String(repeating: "w", count: 4_000_000)
        let error = ServiceError(
            .unavailable, long, retryAfter: 1e30, detail: long, provider: long, providerCode: long, requestID: long)
        let text = try JSONCoding.encode(error)
        #expect(text.count < 25_000)
        let foreign = try JSONCoding.encode(
            JSONValue.object([
                "code": -32011, "message": .string(long),
                "data": [
                    "kind": "unavailable", "retry_after_s": 1e300, "detail": .string(long), "provider": .string(long),
                ],
            ]))
        for decoded in [
            try JSONCoding.decode(ServiceError.self, from: text),
            try JSONCoding.decode(ServiceError.self, from: foreign),
        ] {
            #expect(decoded.message.utf8.count <= 4096 && (decoded.detail?.utf8.count ?? 0) <= 16_384)
            #expect((decoded.retryAfter ?? 0) <= 30 * 86_400)
        }
    }

    @Test
    func `every kind has a unique code that maps back to it`() {
        #expect(Set(ErrorKind.allCases.map(\.code)).count == ErrorKind.allCases.count)
        for kind in ErrorKind.allCases { #expect(ErrorKind(code: kind.code) == kind) }
        #expect(ErrorKind(code: 7) == .internal)
    }

    @Test
    func `a member of the wrong type is reported with its JSON pointer`() throws {
        struct Clip: Decodable { var duration: Double }
        struct Params: Decodable { var clips: [String: [Clip]] }
        let text = Data(#"{"clips": {"a/b~": [{"duration": 1}, {"duration": "2"}]}}"#.utf8)
        let error = #expect(throws: DecodingError.self) { try JSONCoding.decode(Params.self, from: text) }
        let fault = ServiceError(wrapping: try #require(error))
        #expect(fault.kind == .invalidParams)
        #expect(fault.detail == "/clips/a~1b~0/1/duration")
        #expect(fault.message.contains("expected a number"), "\(fault.message)")
    }

    @Test
    func `an unknown error becomes internal, a CancellationError becomes cancelled`() {
        struct UnknownError: Error {}
        #expect(ServiceError(wrapping: UnknownError()).kind == .internal)
        #expect(ServiceError(wrapping: CancellationError()).kind == .cancelled)
        #expect(ServiceError(wrapping: ServiceError(.busy, "later")) == ServiceError(.busy, "later"))
    }
}
