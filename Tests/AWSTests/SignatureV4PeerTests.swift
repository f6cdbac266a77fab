// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import StandIns
import TestSupport
import Testing

@testable import AWS

/// Compares signatures with those of botocore for the same requests.
@Suite(.timeLimit(.minutes(2))) struct SignatureV4PeerTests {
    private struct Request {
        var service: String
        var method: String
        var path: String
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
    }

    private static let host = "logs.eu-west-1.amazonaws.com"
    private static let payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let time = SignatureV4.SigningTime(seconds: 1_440_938_160)

    /// Requests that vary the same properties as AWS's public signing test suite.
    private static let suite: [Request] = {
        let paths = [
            "/", "", "/.", "/./", "/..", "//", "/./example", "/example/..", "/example1/example2/../..", "//example//",
            "/%20/foo", "/example%20space/", "/%E1%88%B4", "/a/../b", "/a//b/./c/", "/-._~0123456789abcXYZ",
        ]
        var requests = paths.map { Request(service: "logs", method: "GET", path: $0) }
        let queries: [[(name: String, value: String)]] = [
            [("Param1", "value1")], [("Param1", "")], [("Param1", "Value2"), ("Param1", "value1")],
            [("Param2", "value2"), ("Param1", "value1")], [("-._~", "-._~")], [("\u{1234}", "bar")],
            [("Param1", "a b+c/d=e&f")],
        ]
        requests += queries.map { Request(service: "logs", method: "POST", path: "/", query: $0) }
        let headers: [[(name: String, value: String)]] = [
            [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            [("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")],
            [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")], [("My-Header1", "")],
            [("Zoo", "zoobar"), ("FOO", "b"), ("foo", "a"), ("Aaa", "1")],
        ]
        requests += headers.map { Request(service: "logs", method: "GET", path: "/", headers: $0) }
        return requests
    }()

    @Test
    func `the cases of AWS's signing test suite have the same signatures as in botocore`() throws {
        try compare(Self.suite, seed: 0)
    }

    @Test
    func `random requests have the same signatures as in botocore`() throws {
        var generator = SeededGenerator(for: "SignatureV4PeerTests")
        try compare((0..<600).map { _ in Self.random(&generator) }, seed: generator.seed)
    }

    // MARK: - Comparison

    private func compare(_ requests: [Request], seed: UInt64) throws {
        let peer = try StandIn("signatures")
        let answer = try peer.send([
            "requests": .array(
                requests.map { request in
                    [
                        "service": .string(request.service), "method": .string(request.method),
                        "host": .string(Self.host), "path": .string(request.path), "payload": .string(Self.payload),
                        "timestamp": .string(Self.time.text),
                        "query": .array(request.query.map { [.string($0.name), .string($0.value)] }),
                        "headers": .array(request.headers.map { [.string($0.name), .string($0.value)] }),
                    ]
                })
        ])
        let signatures = try #require(answer["signatures"]?.array)
        #expect(signatures.count == requests.count)
        for (request, expected) in zip(requests, signatures) {
            let signed = try #require(sign(request))
            let wanted =
                "SignedHeaders=\(expected["signed_headers"]?.string ?? ""),Signature=\(expected["signature"]?.string ?? "")"
            #expect(signed.hasSuffix(wanted), "seed \(seed): \(request)")
        }
    }

    private func sign(_ request: Request) -> String? {
        let signer = SignatureV4(
            credentials: AWSCredentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                sessionToken: "TOKEN"), region: "eu-west-1", service: request.service)
        var headers: HTTPHeaders = [:]
        for field in request.headers { headers.add(field.name, field.value) }
        return signer.headers(
            headers, method: request.method, host: Self.host, path: request.path, query: request.query,
            payload: Self.payload, at: Self.time)["authorization"]
    }

    private static func random(_ generator: inout SeededGenerator) -> Request {
        let letters = [
            "a", "Z", "0", "-", ".", "_", "~", " ", "+", "=", ":", "@", "%", "é", "漢", "😀", "/", "&", "!", "(", "'",
            "*", ",",
        ]
        func word(_ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" }
                .joined()
        }
        let service = ["s3", "logs", "mediaconvert", "iam"].randomElement(using: &generator) ?? "logs"
        var request = Request(
            service: service, method: ["GET", "PUT", "POST", "DELETE"].randomElement(using: &generator) ?? "GET",
            path: "")
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            let segment =
                Bool.random(using: &generator)
                ? word(0...6) : ["", ".", "..", "x"].randomElement(using: &generator) ?? "x"
            request.path += "/" + CanonicalEncoding.component(segment)
        }
        if request.path.isEmpty || Bool.random(using: &generator) { request.path += "/" }
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            request.query.append((name: "p" + word(0...2), value: word(0...6)))
        }
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let name =
                ["X-Amz-Meta-A", "x-amz-meta-a", "My-Header", "Range"].randomElement(using: &generator) ?? "Range"
            let value = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                ["a", "b,c", "  ", "\t", "\"x  y\""].randomElement(using: &generator) ?? "a"
            }.joined(separator: " ")
            request.headers.append((name: name, value: value))
        }
        return request
    }
}
