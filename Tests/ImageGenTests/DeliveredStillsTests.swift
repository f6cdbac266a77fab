import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Synchronization
import Testing

@testable import ImageGen

@Suite struct DeliveredStillsTests {
    /// Counts what it is asked for.
    private final class Counter: ImageProvider {
        let asked = Mutex(0)
        var name: String { "counter" }
        var info: ImageProviderInfo {
            ImageProviderInfo(
                name: name, isDefault: true, models: [], maxWidth: 64, maxHeight: 64, cost: USD(0.02),
                needsNetwork: false)
        }

        func model(of request: GenerateImage) -> String { "m" }

        func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
            asked.withLock { $0 += 1 }
            try Data("a picture".utf8).write(to: URL(filePath: path))
            return DrawnImage(
                width: 64, height: 64, mediaType: "image/png", model: "m", cost: USD(0.02), attempts: 1, warnings: [])
        }
    }

    private func request(_ folder: String, prompt: String = "a hill", key: String?) -> GenerateImage {
        GenerateImage(
            prompt: prompt, width: 64, height: 64, output: "file://\(folder)/still.png", idempotencyKey: key)
    }

    @Test("a still is drawn once for its key, also after a restart, as long as its picture is there")
    func once() async throws {
        let folder = "/tmp/us-delivered-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let provider = Counter()
        func generate(_ request: GenerateImage) async throws -> GeneratedImage {
            let studio = ImageStudio(
                artifacts: Artifacts(), providers: ProviderList(all: [provider], chain: [provider]),
                delivered: DeliveredStills(folder: "\(folder)/state"),
                cache: StillCache(folder: "\(folder)/content", maximumBytes: 1 << 20),
                ledger: OrderLedger(folder: "\(folder)/orders"),
                breakers: ProviderBreakers(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            return try await studio.generate(request, report: { _, _ in })
        }
        let first = try await generate(request(folder, key: "k"))
        let again = try await generate(request(folder, key: "k"))
        #expect(!first.cached && again.cached && again.cost == USD(0.02) && again.image == first.image)
        #expect(provider.asked.withLock { $0 } == 1)
        let error = try await #require(throws: ServiceError.self) {
            try await generate(request(folder, prompt: "a lake", key: "k"))
        }
        #expect(error.kind == .conflict)
        try FileManager.default.removeItem(atPath: "\(folder)/still.png")
        #expect(try await generate(request(folder, key: "k")).cached == false)
        _ = try await generate(request(folder, key: nil))
        _ = try await generate(request(folder, key: "other"))
        #expect(provider.asked.withLock { $0 } == 4)
    }
}
