import Artifacts
import Breaker
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Synchronization
import Testing

@testable import ImageGen

@Suite struct ImageStudioTests {
    /// Draws, or fails as it is told.
    private final class Painter: ImageProvider {
        let name: String
        let isPaid: Bool
        let asked = Mutex(0)
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

        func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
            asked.withLock { $0 += 1 }
            if let failure = failure.withLock({ $0 }) { throw failure }
            try Data("by \(name)".utf8).write(to: URL(filePath: path))
            return DrawnImage(
                width: 64, height: 64, mediaType: "image/png", model: model(of: request), cost: USD(0.02), attempts: 1,
                warnings: [])
        }

        var count: Int { asked.withLock { $0 } }
    }

    private let folder = "/tmp/us-studio-\(UInt64.random(in: 0...UInt64.max))"

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func breakers(cool: Double = 30) -> ProviderBreakers {
        ProviderBreakers(
            files: BreakerFiles(folder: "\(folder)/breakers"), bounds: .init(cool: cool), logger: Self.logger)
    }

    private func studio(
        _ providers: [Painter], cacheBytes: Int = 1 << 20, breakers: ProviderBreakers? = nil
    ) -> ImageStudio {
        ImageStudio(
            artifacts: Artifacts(), providers: ProviderList(all: providers, chain: providers),
            delivered: DeliveredStills(folder: "\(folder)/state"),
            cache: StillCache(folder: "\(folder)/content", maximumBytes: cacheBytes),
            ledger: OrderLedger(folder: "\(folder)/orders"), breakers: breakers ?? self.breakers())
    }

    private func request(_ name: String, prompt: String = "a hill", fresh: Bool? = nil) -> GenerateImage {
        GenerateImage(
            prompt: prompt, width: 64, height: 64, output: "file://\(folder)/\(name).png",
            idempotencyKey: "\(name)-\(prompt)-\(fresh ?? false)", fresh: fresh)
    }

    /// - Parameter job: the job that the call is for.
    private func generate(
        _ studio: ImageStudio, _ request: GenerateImage, job: String? = nil
    ) async throws -> GeneratedImage {
        try await CallContext.$current.withValue(CallContext(jobID: job)) {
            try await studio.generate(request, report: { _, _ in })
        }
    }

    @Test("the next of the chain draws where one fails, and the reply says why")
    func chain() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = Painter("first", failure: ServiceError(.quotaExhausted, "first: no credit"))
        let second = Painter("second")
        let studio = studio([first, second])
        let image = try await generate(studio, request("a"))
        #expect(image.provider == "second" && image.warnings == ["first: no credit"])
        var named = request("b")
        named.provider = "first"
        let ready = named
        let error = await #expect(throws: ServiceError.self) { try await generate(studio, ready) }
        #expect(error?.kind == .quotaExhausted)
        second.failure.withLock { $0 = ServiceError(.unavailable, "second: down") }
        let both = await #expect(throws: ServiceError.self) {
            try await generate(studio, request("c", prompt: "a lake"))
        }
        #expect(both?.kind == .quotaExhausted && both?.detail == "second: down")
    }

    @Test("a provider that failed three times in a row is not asked for a while, unless it is named")
    func breaker() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = Painter("first", failure: ServiceError(.unavailable, "first: down"))
        let studio = studio([first, Painter("second")])
        for number in 0..<5 { _ = try await generate(studio, request("\(number)", prompt: "hill \(number)")) }
        #expect(first.count == 3)
        let refused = try await generate(studio, request("x", prompt: "lake"))
        #expect(
            refused.warnings?.first?.hasPrefix(
                "the breaker imagegen/first is open after 3 failures in a row and probes at ") == true)
        #expect(await studio.list().providers.map(\.breaker) == [.open, .closed])
        #expect(await studio.list().chain == ["first", "second"])
        var named = request("y")
        named.provider = "first"
        let ready = named
        await #expect(throws: ServiceError.self) { try await generate(studio, ready) }
        #expect(first.count == 4)
    }

    private func namedRequest(_ name: String, provider: String? = "only") -> GenerateImage {
        var request = request(name, prompt: name)
        request.provider = provider
        return request
    }

    @Test(
        "a job is refused while the breaker of its only provider is open, whichever replica it asks, and after a restart"
    )
    func refusal() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let only = Painter("only", failure: ServiceError(.timeout, "only: no answer"))
        // Two replicas of one machine.
        let replicas = [studio([only]), studio([only])]
        for number in 0..<3 {
            let request = namedRequest("\(number)")
            await #expect(throws: ServiceError.self) { try await generate(replicas[number % 2], request, job: "j") }
        }
        only.failure.withLock { $0 = nil }
        for (number, studio) in (replicas + [studio([only])]).enumerated() {
            let request = namedRequest("r\(number)")
            let error = await #expect(throws: ServiceError.self) { try await generate(studio, request, job: "k") }
            #expect(error?.providerCode == "breaker_open" && error?.provider == "only" && error?.retryable == false)
            #expect(error?.message.hasPrefix("the breaker imagegen/only is open after 3 failures in a row") == true)
        }
        #expect(only.count == 3)
        let reset = try await replicas[0].breaker(ProviderBreakerRequest(provider: "only", action: .reset))
        #expect(reset.state == .closed && reset.failures == 0 && reset.agent == "imagegen/only")
        _ = try await generate(replicas[1], namedRequest("again"), job: "k")
        #expect(only.count == 4)
    }

    @Test("a breaker that is held open by hand stays so in a new process, and a chain passes its provider over")
    func hold() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (first, second) = (Painter("first"), Painter("second"))
        let held = try await studio([first, second]).breaker(ProviderBreakerRequest(provider: "first", action: .open))
        #expect(held.state == .open && held.forced)
        let studio = studio([first, second])
        #expect(try await studio.breaker(ProviderBreakerRequest(provider: "first")) == held)
        let image = try await generate(studio, namedRequest("a", provider: nil), job: "j")
        #expect(image.provider == "second" && first.count == 0)
        #expect(image.warnings?.first?.contains("is held open by hand") == true)
        let error = await #expect(throws: ServiceError.self) {
            try await studio.breaker(ProviderBreakerRequest(provider: "third", action: .open))
        }
        #expect(error?.message == "/provider: expected one of first, second, found \"third\"")
    }

    @Test("after the cooling one job probes with all its calls; a probe whose process is gone gives way")
    func probing() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let breakers = breakers(cool: 0.001)
        for _ in 0..<3 { await breakers.failed("only", .unavailable, caller: "j") }
        try await Task.sleep(for: .milliseconds(5))
        var probe = try await breakers.admit("only", caller: "j")
        #expect(probe != nil)
        #expect(try await breakers.admit("only", caller: "j") != nil)
        let other = self.breakers()
        let error = await #expect(throws: ServiceError.self) { _ = try await other.admit("only", caller: "k") }
        #expect(error?.message == "the breaker imagegen/only is half open: another job probes now")
        probe = nil
        #expect(try await other.admit("only", caller: "k") != nil)
        await other.succeeded("only")
        #expect(await breakers.state(of: "only") == .closed)
    }

    @Test("a store that cannot take the picture is not the provider's failure")
    func store() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let painter = Painter("only")
        let studio = studio([painter])
        for number in 0..<4 {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/dir\(number).png", withIntermediateDirectories: true)
            let request = namedRequest("dir\(number)")
            await #expect(throws: (any Error).self) { try await generate(studio, request, job: "j") }
        }
        #expect(try await studio.breaker(ProviderBreakerRequest(provider: "only")).failures == 0)
    }

    @Test("what was paid for once is given again to any job for nothing, unless another one is wanted")
    func cache() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let painter = Painter("paid")
        let first = try await generate(studio([painter]), request("a"))
        let again = try await generate(studio([painter]), request("b"))
        #expect(!first.cached && again.cached && again.cost == .zero && again.saved == USD(0.02))
        #expect(try String(contentsOfFile: "\(folder)/b.png", encoding: .utf8) == "by paid")
        #expect(painter.count == 1)
        _ = try await generate(studio([painter]), request("c", prompt: "a lake"))
        var other = request("d")
        other.model = "another"
        _ = try await generate(studio([painter]), other)
        _ = try await generate(studio([painter]), request("e", fresh: true))
        #expect(painter.count == 4)
        let free = Painter("free", isPaid: false)
        _ = try await generate(studio([free]), request("f"))
        _ = try await generate(studio([free]), request("g"))
        #expect(free.count == 2)
        let off = Painter("off")
        _ = try await generate(studio([off], cacheBytes: 0), request("h"))
        _ = try await generate(studio([off], cacheBytes: 0), request("i"))
        #expect(off.count == 2)
    }

    @Test("a picture that was paid for is kept although the store did not take it")
    func paid() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let painter = Painter("paid")
        var nowhere = request("a")
        nowhere.output = "file:///proc/nowhere/a.png"
        try? FileManager.default.createDirectory(atPath: "\(folder)/dir.png", withIntermediateDirectories: true)
        // The name of a folder cannot be a picture's.
        nowhere.output = "file://\(folder)/dir.png"
        let ready = nowhere
        await #expect(throws: (any Error).self) { try await generate(studio([painter]), ready) }
        #expect(try await generate(studio([painter]), request("b")).cached)
        #expect(painter.count == 1)
    }

    @Test("the least recently used pictures go when there are too many bytes")
    func bound() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let painter = Painter("paid")
        let studio = studio([painter], cacheBytes: 20)
        for number in 0..<5 { _ = try await generate(studio, request("\(number)", prompt: "hill \(number)")) }
        let kept = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/content")
        #expect(kept.filter { !$0.hasSuffix(".json") }.count == 2 && kept.count == 4)
        // One that nobody asked for in a year goes, however much room there is.
        let large = self.studio([painter])
        let year = Date(timeIntervalSinceNow: -365 * 86_400)
        for name in kept where !name.hasSuffix(".json") {
            try FileManager.default.setAttributes(
                [.modificationDate: year], ofItemAtPath: "\(folder)/content/\(name)")
        }
        _ = try await generate(large, request("new", prompt: "a lake"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/content").count == 2)
    }
}
