// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import StandIns
import Testing

/// Outgoing connections to providers: proxies, certificate authorities and HTTP/2.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OutboundConnectionTests {
    private let proxy: StandIn
    private let authority: String
    private let port: Int

    init() throws {
        proxy = try StandIn("secure")
        let server = try proxy.send(["places": true])
        authority = server["authority"]?.string ?? ""
        port = Int(server["port"]?.double ?? 0)
    }

    /// A request that the stand-in received.
    private struct Request: Equatable {
        /// `tunnel`, `plain` or `direct`.
        var route: String
        var host: String
        var protocolName: String
    }

    private func requests() throws -> [Request] {
        (try proxy.send(["seen": true])["seen"]?.array ?? []).map {
            Request(
                route: $0["way"]?.string ?? "", host: $0["host"]?.string ?? "",
                protocolName: $0["protocol"]?.string ?? "")
        }
    }

    /// Runs `understudy doctor` with an endpoint of OpenAI.
    ///
    /// - Returns: The standard output.
    private func doctor(base: String, _ extra: [String: String]) async throws -> String {
        let stack = try LiveStack.prepare(
            ["OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": base].merging(extra) { $1 })
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        return try await stack.understudy("doctor").output
    }

    @Test
    func `stills are requested with HTTP/2 through a proxy's tunnel, with a configured certificate authority`()
        async throws
    {
        let images = try StandIn("openai_images")
        try proxy.send(["front": .string(images.url)])
        let environment = [
            "OPENAI_BASE_URL": "https://models.test/v1", "OPENAI_API_KEY": "good-key", "https_proxy": proxy.url,
            "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": authority, "UNDERSTUDY_IMAGE_PROVIDERS": "openai",
        ]
        try await LiveStack.with(environment) { stack in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let requests = try requests()
            #expect(requests.count == 3, "\(requests)")
            #expect(
                requests.allSatisfy { $0 == Request(route: "tunnel", host: "models.test", protocolName: "h2") },
                "\(requests)")
        }
    }

    @Test
    func `HTTP/1.1 is used with servers without HTTP/2, and hosts in no_proxy are reached directly`() async throws {
        let models = try StandIn("models")
        try proxy.send(["front": .string(models.url), "protocols": ["http/1.1"]])
        let report = try await doctor(
            base: "https://127.0.0.1:\(port)/v1",
            ["https_proxy": proxy.url, "no_proxy": "127.0.0.1", "CURL_CA_BUNDLE": authority])
        #expect(report.contains("ok    openai: the key works"), "\(report)")
        #expect(try requests() == [Request(route: "direct", host: "127.0.0.1:\(port)", protocolName: "http/1.1")])
    }

    @Test
    func `plain HTTP uses http_proxy`() async throws {
        let models = try StandIn("models")
        try proxy.send(["front": .string(models.url)])
        let report = try await doctor(base: "http://models.test/v1", ["http_proxy": proxy.url])
        #expect(report.contains("ok    openai: the key works"), "\(report)")
        #expect(try requests() == [Request(route: "plain", host: "models.test", protocolName: "http/1.1")])
    }

    @Test
    func `a server with an unknown authority gets no request, and an unreachable proxy is reported`() async throws {
        let models = try StandIn("models")
        try proxy.send(["front": .string(models.url)])
        let untrusted = try await doctor(base: "https://127.0.0.1:\(port)/v1", [:])
        #expect(
            untrusted.contains("BAD   openai: ") && untrusted.contains("TLS connection is not trusted"), "\(untrusted)")
        #expect(try requests().isEmpty)
        let unreachable = try await doctor(base: "https://models.test/v1", ["https_proxy": "http://127.0.0.1:1"])
        #expect(unreachable.contains("BAD   openai: ") && unreachable.contains("cannot be reached"), "\(unreachable)")
        #expect(!unreachable.contains("good-key"))
    }
}
