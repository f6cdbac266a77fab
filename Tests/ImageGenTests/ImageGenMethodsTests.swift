// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Breaker
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct ImageGenMethodsTests {
    /// Generates an image, or fails with a given error.
    private final class FakeProvider: ImageProvider {
        let name: String
        let isPaid: Bool
        let orderCount = Mutex(0)
        let failure = Mutex<ServiceError?>(nil)

        init(_ name: String, isPaid: Bool = true, failure: ServiceError? = nil) {
            self.name = name
            self.isPaid = isPaid
            self.failure.withLock { $0 = failure }
        }

        var info: ImageProviderInfo {
            ImageProviderInfo(
                name: name, isDefault: false, models: [], maxWidth: 64, maxHeight: 64, cost: USD(0.02),
                needsNetwork: isPaid)
        }

        func model(of request: GenerateImage) -> String { request.model ?? "m" }

        func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
            orderCount.withLock { $0 += 1 }
            if let failure = failure.withLock({ $0 }) { throw failure }
            try Data("by \(name)".utf8).write(to: URL(filePath: path))
            return DrawnImage(
                width: 64, height: 64, mediaType: "image/png", model: model(of: request), cost: USD(0.02), attempts: 1,
                warnings: [])
        }

        var count: Int { orderCount.withLock { $0 } }
    }

    private let folder = TemporaryPath.new("methods")

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func breakers(cool: Double = 30) -> ProviderBreakers {
        ProviderBreakers(
            files: BreakerFiles(folder: "\(folder)/breakers"), bounds: .init(cooldown: cool), logger: Self.logger)
    }

    private func methods(
        _ providers: [FakeProvider], cacheBytes: Int = 1 << 20, breakers: ProviderBreakers? = nil
    ) -> ImageGenMethods {
        ImageGenMethods(
            artifacts: Artifacts(), providers: ProviderList(all: providers, chain: providers),
            delivered: DeliveredStillIndex(folder: "\(folder)/state"),
            cache: StillCache(folder: "\(folder)/content", maximumBytes: cacheBytes),
            orderRecords: OrderRecordStore(folder: "\(folder)/orders"), breakers: breakers ?? self.breakers())
    }

    private func request(_ name: String, prompt: String = "a hill", fresh: Bool? = nil) -> GenerateImage {
        GenerateImage(
            prompt: prompt, width: 64, height: 64, output: "file://\(folder)/\(name).png",
            idempotencyKey: "\(name)-\(prompt)-\(fresh ?? false)", fresh: fresh)
    }

    /// - Parameter job: The job that the call is for.
    private func generate(
        _ methods: ImageGenMethods, _ request: GenerateImage, job: String? = nil
    ) async throws -> GeneratedImage {
        try await CallContext.$current.withValue(CallContext(jobID: job)) {
            try await methods.generate(request, progress: { _, _ in })
        }
    }

    @Test
    func `if a provider fails, the next of the chain is called, and the reply contains the error`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = FakeProvider("first", failure: ServiceError(.quotaExhausted, "first: no credit"))
        let second = FakeProvider("second")
        let methods = methods([first, second])
        let image = try await generate(methods, request("a"))
        #expect(image.provider == "second" && image.warnings == ["first: no credit"])
        var named = request("b")
        named.provider = "first"
        let ready = named
        let error = await #expect(throws: ServiceError.self) { try await generate(methods, ready) }
        #expect(error?.kind == .quotaExhausted)
        second.failure.withLock { $0 = ServiceError(.unavailable, "second: down") }
        let both = await #expect(throws: ServiceError.self) {
            try await generate(methods, request("c", prompt: "a lake"))
        }
        #expect(both?.kind == .quotaExhausted && both?.detail == "second: down")
    }

    @Test
    func `a provider is skipped after three failures in a row, unless the request names it`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = FakeProvider("first", failure: ServiceError(.unavailable, "first: down"))
        let methods = methods([first, FakeProvider("second")])
        for number in 0..<5 { _ = try await generate(methods, request("\(number)", prompt: "hill \(number)")) }
        #expect(first.count == 3)
        let refused = try await generate(methods, request("x", prompt: "lake"))
        #expect(
            refused.warnings?.first?.hasPrefix(
                "the breaker imagegen/first is open after 3 failures in a row and allows a test call at ") == true)
        #expect(await methods.listProviders().providers.map(\.breaker) == [.open, .closed])
        #expect(await methods.listProviders().chain == ["first", "second"])
        var named = request("y")
        named.provider = "first"
        let ready = named
        await #expect(throws: ServiceError.self) { try await generate(methods, ready) }
        #expect(first.count == 4)
    }

    private func namedRequest(_ name: String, provider: String? = "only") -> GenerateImage {
        var request = request(name, prompt: name)
        request.provider = provider
        return request
    }

    @Test
    func `a job fails while the breaker of its only provider is open, in each replica and after a restart`()
        async throws
    {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let only = FakeProvider("only", failure: ServiceError(.timeout, "only: no answer"))
        // Two replicas on one machine.
        let replicas = [methods([only]), methods([only])]
        for number in 0..<3 {
            let request = namedRequest("\(number)")
            await #expect(throws: ServiceError.self) { try await generate(replicas[number % 2], request, job: "j") }
        }
        only.failure.withLock { $0 = nil }
        for (number, methods) in (replicas + [methods([only])]).enumerated() {
            let request = namedRequest("r\(number)")
            let error = await #expect(throws: ServiceError.self) { try await generate(methods, request, job: "k") }
            #expect(error?.providerCode == "breaker_open" && error?.provider == "only" && error?.retryable == false)
            #expect(error?.message.hasPrefix("the breaker imagegen/only is open after 3 failures in a row") == true)
        }
        #expect(only.count == 3)
        let reset = try await replicas[0].breaker(ProviderBreakerRequest(provider: "only", action: .reset))
        #expect(reset.state == .closed && reset.failures == 0 && reset.agent == "imagegen/only")
        _ = try await generate(replicas[1], namedRequest("again"), job: "k")
        #expect(only.count == 4)
    }

    @Test
    func `a breaker that is forced open stays open in a new process, and a chain skips its provider`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (first, second) = (FakeProvider("first"), FakeProvider("second"))
        let forced = try await methods([first, second]).breaker(
            ProviderBreakerRequest(provider: "first", action: .open))
        #expect(forced.state == .open && forced.isForced)
        let methods = methods([first, second])
        #expect(try await methods.breaker(ProviderBreakerRequest(provider: "first")) == forced)
        let image = try await generate(methods, namedRequest("a", provider: nil), job: "j")
        #expect(image.provider == "second" && first.count == 0)
        #expect(image.warnings?.first?.contains("is forced open") == true)
        let error = await #expect(throws: ServiceError.self) {
            try await methods.breaker(ProviderBreakerRequest(provider: "third", action: .open))
        }
        #expect(error?.message == "/provider: expected one of first, second, found \"third\"")
    }

    @Test
    func `after the cool-down all calls of one job probe; another job probes once that process has ended`() async throws
    {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let breakers = breakers(cool: 0.001)
        for _ in 0..<3 { await breakers.failed("only", .unavailable, caller: "j") }
        var probe: ProbeLock?
        for _ in 0..<1000 where probe == nil {
            try await Task.sleep(for: .milliseconds(1))
            probe = try? await breakers.admit("only", caller: "j")
        }
        #expect(probe != nil)
        #expect(try await breakers.admit("only", caller: "j") != nil)
        let other = self.breakers()
        let error = await #expect(throws: ServiceError.self) { _ = try await other.admit("only", caller: "k") }
        #expect(error?.message == "the breaker imagegen/only is half-open: another job is making the test call")
        probe = nil
        #expect(try await other.admit("only", caller: "k") != nil)
        await other.succeeded("only")
        #expect(await breakers.state(of: "only") == .closed)
    }

    @Test
    func `a failure of the artifact store does not count as the provider's failure`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let provider = FakeProvider("only")
        let methods = methods([provider])
        for number in 0..<4 {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/dir\(number).png", withIntermediateDirectories: true)
            let request = namedRequest("dir\(number)")
            await #expect(throws: (any Error).self) { try await generate(methods, request, job: "j") }
        }
        #expect(try await methods.breaker(ProviderBreakerRequest(provider: "only")).failures == 0)
    }

    @Test
    func `a paid image is free for every later request, unless a fresh one is requested`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let provider = FakeProvider("paid")
        let first = try await generate(methods([provider]), request("a"))
        let again = try await generate(methods([provider]), request("b"))
        #expect(!first.isCached && again.isCached && again.cost == .zero && again.saved == USD(0.02))
        #expect(try String(contentsOfFile: "\(folder)/b.png", encoding: .utf8) == "by paid")
        #expect(provider.count == 1)
        _ = try await generate(methods([provider]), request("c", prompt: "a lake"))
        var other = request("d")
        other.model = "another"
        _ = try await generate(methods([provider]), other)
        _ = try await generate(methods([provider]), request("e", fresh: true))
        #expect(provider.count == 4)
        let free = FakeProvider("free", isPaid: false)
        _ = try await generate(methods([free]), request("f"))
        _ = try await generate(methods([free]), request("g"))
        #expect(free.count == 2)
        let off = FakeProvider("off")
        _ = try await generate(methods([off], cacheBytes: 0), request("h"))
        _ = try await generate(methods([off], cacheBytes: 0), request("i"))
        #expect(off.count == 2)
    }

    @Test
    func `a paid image is cached even if it cannot be written to the artifact store`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let provider = FakeProvider("paid")
        var nowhere = request("a")
        nowhere.output = "file:///proc/nowhere/a.png"
        try? FileManager.default.createDirectory(atPath: "\(folder)/dir.png", withIntermediateDirectories: true)
        // A folder cannot be replaced by a file.
        nowhere.output = "file://\(folder)/dir.png"
        let ready = nowhere
        await #expect(throws: (any Error).self) { try await generate(methods([provider]), ready) }
        #expect(try await generate(methods([provider]), request("b")).isCached)
        #expect(provider.count == 1)
    }

    @Test
    func `the least recently used images are removed if the cache is too large`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let provider = FakeProvider("paid")
        let methods = methods([provider], cacheBytes: 20)
        for number in 0..<5 { _ = try await generate(methods, request("\(number)", prompt: "hill \(number)")) }
        let cached = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/content")
        #expect(cached.filter { !$0.hasSuffix(".json") }.count == 2 && cached.count == 4)
        // An image that was not used for a year is removed, however much space there is.
        let large = self.methods([provider])
        let year = Date(timeIntervalSinceNow: -365 * 86_400)
        for name in cached where !name.hasSuffix(".json") {
            try FileManager.default.setAttributes(
                [.modificationDate: year], ofItemAtPath: "\(folder)/content/\(name)")
        }
        _ = try await generate(large, request("new", prompt: "a lake"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/content").count == 2)
    }
}
