import Contracts
import Faults
import Foundation
import JSON
import StandIns
import Testing

/// The way to those who are paid: proxies, authorities and HTTP/2, through the real executables.
@Suite(.serialized) struct WayOutTests {
    private let way: StandIn
    private let authority: String
    private let port: Int

    init() throws {
        way = try StandIn("secure")
        let places = try way.ask(["places": true])
        authority = places["authority"]?.string ?? ""
        port = Int(places["port"]?.double ?? 0)
    }

    private struct Seen: Equatable {
        var way: String
        var host: String
        var protocolName: String
    }

    private func seen() throws -> [Seen] {
        (try way.ask(["seen": true])["seen"]?.array ?? []).map {
            Seen(
                way: $0["way"]?.string ?? "", host: $0["host"]?.string ?? "",
                protocolName: $0["protocol"]?.string ?? "")
        }
    }

    private func doctor(base: String, _ more: [String: String]) async throws -> String {
        let stack = try LiveStack.prepare(
            ["OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": base].merging(more) { $1 })
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        return try await stack.understudy("doctor").output
    }

    @Test("stills come by HTTP/2, through a proxy's tunnel, from a server whose authority the environment names")
    func tunnel() async throws {
        let images = try StandIn("openai_images")
        try way.ask(["front": .string(images.url)])
        let environment = [
            "OPENAI_BASE_URL": "https://models.test/v1", "OPENAI_API_KEY": "good-key", "https_proxy": way.url,
            "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": authority, "UNDERSTUDY_IMAGE_PROVIDERS": "openai",
        ]
        try await LiveStack.with(environment) { stack in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let seen = try seen()
            #expect(seen.count == 3, "\(seen)")
            #expect(seen.allSatisfy { $0 == Seen(way: "tunnel", host: "models.test", protocolName: "h2") }, "\(seen)")
        }
    }

    @Test("a server that does not speak HTTP/2 is spoken to in HTTP/1.1; who is in no_proxy is reached directly")
    func direct() async throws {
        let models = try StandIn("models")
        try way.ask(["front": .string(models.url), "protocols": ["http/1.1"]])
        let found = try await doctor(
            base: "https://127.0.0.1:\(port)/v1",
            ["https_proxy": way.url, "no_proxy": "127.0.0.1", "CURL_CA_BUNDLE": authority])
        #expect(found.contains("ok    openai: the key works"), "\(found)")
        #expect(try seen() == [Seen(way: "direct", host: "127.0.0.1:\(port)", protocolName: "http/1.1")])
    }

    @Test("plain http goes through http_proxy")
    func plain() async throws {
        let models = try StandIn("models")
        try way.ask(["front": .string(models.url)])
        let found = try await doctor(base: "http://models.test/v1", ["http_proxy": way.url])
        #expect(found.contains("ok    openai: the key works"), "\(found)")
        #expect(try seen() == [Seen(way: "plain", host: "models.test", protocolName: "http/1.1")])
    }

    @Test("a server whose authority is not known gets no request; a proxy that is not there is named, without the key")
    func untrusted() async throws {
        let models = try StandIn("models")
        try way.ask(["front": .string(models.url)])
        let untrusted = try await doctor(base: "https://127.0.0.1:\(port)/v1", [:])
        #expect(untrusted.contains("BAD   openai: ") && untrusted.contains("no trusted connection"), "\(untrusted)")
        #expect(try seen().isEmpty)
        let away = try await doctor(base: "https://models.test/v1", ["https_proxy": "http://127.0.0.1:1"])
        #expect(away.contains("BAD   openai: ") && away.contains("cannot be reached"), "\(away)")
        #expect(!away.contains("good-key"))
    }
}
