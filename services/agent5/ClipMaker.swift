import Contracts
import Glibc

/// A generator of short clips that is paid for.
protocol ClipMaker: Sendable {
    /// Its name in logs, errors and the price list.
    var name: String { get }
    /// Its name and model: another one is another order.
    var identity: String { get }
    /// What it sells.
    var lengths: ClipLengths { get }
    var prices: PriceList { get }

    /// Makes one clip.
    ///
    /// - Parameters:
    ///   - path: where the file goes; what is there is replaced.
    ///   - note: knows of the order if it was made before by a process that ended, and remembers it.
    ///   - progress: gets 0 to 1 where the provider tells.
    /// - Throws: `ServiceError` with the provider's own words, whose `order` says what became of the order, or
    ///   `CancellationError` after the work was cancelled there.
    func make(
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double) -> Void
    ) async throws -> MadeClip
}

extension ClipMaker {
    /// What a clip costs, by the list.
    func price(_ order: ClipOrder) -> USD {
        prices.lead(name, seconds: Double(order.seconds))
    }

    /// Bytes of a file.
    func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
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
}
