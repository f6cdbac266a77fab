// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct DeliveredStillIndexTests {
    /// Counts its orders.
    private final class CountingProvider: ImageProvider {
        let orderCount = Mutex(0)
        var name: String { "counter" }
        var info: ImageProviderInfo {
            ImageProviderInfo(
                name: name, isDefault: true, models: [], maxWidth: 64, maxHeight: 64, cost: USD(0.02),
                needsNetwork: false)
        }

        func model(of request: GenerateImage) -> String { "m" }

        func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
            orderCount.withLock { $0 += 1 }
            try Data("a picture".utf8).write(to: URL(filePath: path))
            return DrawnImage(
                width: 64, height: 64, mediaType: "image/png", model: "m", cost: USD(0.02), attempts: 1, warnings: [])
        }
    }

    private func request(_ folder: String, prompt: String = "a hill", key: String?) -> GenerateImage {
        GenerateImage(
            prompt: prompt, width: 64, height: 64, output: "file://\(folder)/still.png", idempotencyKey: key)
    }

    @Test
    func `a still is generated once for its key, also after a restart, as long as its file exists`() async throws {
        let folder = TemporaryPath.new("delivered")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let provider = CountingProvider()
        func generate(_ request: GenerateImage) async throws -> GeneratedImage {
            let methods = ImageGenMethods(
                artifacts: Artifacts(), providers: ProviderList(all: [provider], chain: [provider]),
                delivered: DeliveredStillIndex(folder: "\(folder)/state"),
                cache: StillCache(folder: "\(folder)/content", maximumBytes: 1 << 20),
                orderRecords: OrderRecordStore(folder: "\(folder)/orders"),
                breakers: ProviderBreakers(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
            return try await methods.generate(request, progress: { _, _ in })
        }
        let first = try await generate(request(folder, key: "k"))
        let again = try await generate(request(folder, key: "k"))
        #expect(!first.isCached && again.isCached && again.cost == USD(0.02) && again.image == first.image)
        #expect(provider.orderCount.withLock { $0 } == 1)
        let error = try await #require(throws: ServiceError.self) {
            try await generate(request(folder, prompt: "a lake", key: "k"))
        }
        #expect(error.kind == .conflict)
        try FileManager.default.removeItem(atPath: "\(folder)/still.png")
        #expect(try await generate(request(folder, key: "k")).isCached == false)
        _ = try await generate(request(folder, key: nil))
        _ = try await generate(request(folder, key: "other"))
        #expect(provider.orderCount.withLock { $0 } == 4)
    }
}
