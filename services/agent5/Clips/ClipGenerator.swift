// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import Glibc
import HTTP
import JSONRPC
import Prices
import Providers

/// A paid generator of short clips.
protocol ClipGenerator: Sendable {
    /// The name in logs, errors and the price list.
    var name: String { get }
    /// The name and model, which identify an order of the same clip.
    var identity: String { get }
    /// The lengths of clips that the generator offers.
    var lengths: ClipLengths { get }
    /// The price list.
    var prices: PriceList { get }

    /// Generates one clip by one `PaidOrder`.
    ///
    /// - Parameters:
    ///   - order: The clip.
    ///   - path: The path of the file; an existing file is replaced.
    ///   - store: Stores the order; its pending order is continued.
    ///   - progress: Called for each response of the provider, with the progress from 0 to 1 if it is reported.
    /// - Throws: A `ServiceError` with the provider's message, with the `chargeStatus` of the order; a `CancellationError` after the
    ///   order was cancelled at the provider.
    func generate(
        _ order: ClipOrder, to path: String, store: ClipOrderStore, progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip
}

extension ClipGenerator {
    /// The price of a clip.
    func price(_ order: ClipOrder) -> USD {
        prices.lead(name, seconds: Double(order.seconds))
    }

    /// Completes an order, and downloads the clip.
    func complete<API>(
        _ paidOrder: PaidOrder<API>, _ order: ClipOrder, _ download: OutputDownload, to path: String,
        _ store: ClipOrderStore, _ progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip {
        let finished = try await paidOrder.finish(store: store, progress: progress)
        let bytes = try await paidOrder.fetch(finished) { outputs in
            try await download.first(of: outputs) { try await ClipFile.fetch($0, to: path, download) }
        }
        return GeneratedClip(
            requestID: finished.id.text, bytes: bytes, cost: price(order), warnings: finished.warnings)
    }
}

/// The parameters of one clip.
struct ClipOrder: Sendable, Equatable {
    var prompt: String
    /// The length in seconds; one of the lengths that the generator offers.
    var seconds: Int
    /// The width in pixels.
    var width: Int
    /// The height in pixels.
    var height: Int
}

/// A clip that was generated and downloaded.
struct GeneratedClip: Sendable {
    /// The provider's ID of the order.
    var requestID: String
    /// The size of the file in bytes.
    var bytes: Int
    var cost: USD
    var warnings: [String] = []
}
