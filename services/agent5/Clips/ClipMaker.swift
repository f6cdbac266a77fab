import Contracts
import FoundationEssentials
import Glibc
import HTTP
import JSONRPC
import Prices
import Providers

/// A generator of short clips that is paid for.
protocol ClipMaker: Sendable {
    /// Its name in logs, errors and the price list.
    var name: String { get }
    /// Its name and model: another one is another order.
    var identity: String { get }
    /// What it sells.
    var lengths: ClipLengths { get }
    var prices: PriceList { get }

    /// Makes one clip with one `PaidOrder`.
    ///
    /// - Parameters:
    ///   - path: where the file goes; what is there is replaced.
    ///   - note: holds the order of a process that ended, which is continued, and remembers this one.
    ///   - progress: called at each answer of the provider, with 0 to 1 if it reports that.
    /// - Throws: `ServiceError` with the provider's own words, whose `order` says what became of the order, or
    ///   `CancellationError` after the work was cancelled there.
    func make(
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip
}

extension ClipMaker {
    /// What a clip costs, by the list.
    func price(_ order: ClipOrder) -> USD {
        prices.lead(name, seconds: Double(order.seconds))
    }

    /// Has an order carried out, and fetches the clip.
    func make<API>(
        _ paid: PaidOrder<API>, _ order: ClipOrder, _ download: OutputDownload, to path: String, _ note: OrderNote,
        _ progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip {
        let finished = try await paid.finish(memory: note, progress: progress)
        let bytes = try await paid.fetch(finished) { outputs in
            try await download.first(of: outputs) { try await ClipFile.fetch($0, to: path, download) }
        }
        return MadeClip(
            requestID: finished.id.text, bytes: bytes, cost: price(order), warnings: finished.warnings)
    }
}

struct ClipOrder: Sendable, Equatable {
    var prompt: String
    /// One of the lengths that the maker sells.
    var seconds: Int
    /// Pixels.
    var width: Int
    var height: Int
}

struct MadeClip: Sendable {
    /// The provider's id of the work.
    var requestID: String
    var bytes: Int
    var cost: USD
    var warnings: [String] = []
}
