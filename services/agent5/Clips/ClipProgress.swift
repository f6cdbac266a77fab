import JSONRPC
import Synchronization

/// How far the clips of a call are together. Each answer of a provider is a sign of life for the caller.
final class ClipProgress: Sendable {
    private let count: Int
    private let name: String
    private let call: Call
    private let shares = Mutex<[String: Double]>([:])

    /// - Parameters:
    ///   - count: of clips that are wanted.
    ///   - name: of their maker.
    init(of count: Int, by name: String, _ call: Call) {
        (self.count, self.name, self.call) = (count, name, call)
    }

    /// - Parameter fraction: 0 to 1; the last one stays if the provider does not report any.
    func report(_ segment: String, _ fraction: Double?) {
        update(segment) { min(fraction ?? $0, 0.99) }
    }

    /// The clip is there, or has failed.
    func over(_ segment: String) { update(segment) { _ in 1 } }

    private func update(_ segment: String, _ change: (Double) -> Double) {
        let (sum, done) = shares.withLock { shares in
            shares[segment] = change(shares[segment] ?? 0)
            return (shares.values.reduce(0, +), shares.values.count { $0 >= 1 })
        }
        call.progress(sum / Double(max(count, 1)), "\(name): \(done) of \(count) clips")
    }
}
