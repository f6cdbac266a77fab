// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import Synchronization

/// The progress of the clips of one call. Each response of a provider is reported, and resets the caller's stall timeout.
final class ClipProgress: Sendable {
    private let count: Int
    private let name: String
    private let call: Call
    private let shares = Mutex<[String: Double]>([:])

    /// - Parameters:
    ///   - count: The number of clips.
    ///   - name: The name of the generator.
    ///   - call: The call that receives the progress.
    init(of count: Int, by name: String, _ call: Call) {
        (self.count, self.name, self.call) = (count, name, call)
    }

    /// Reports the progress of one clip.
    ///
    /// - Parameters:
    ///   - segment: The ID of the segment.
    ///   - fraction: The progress from 0 to 1; `nil` if the provider does not report it.
    func report(_ segment: String, _ fraction: Double?) {
        update(segment) { min(fraction ?? $0, 0.99) }
    }

    /// Reports that a clip has been generated, or has failed.
    func finish(_ segment: String) { update(segment) { _ in 1 } }

    private func update(_ segment: String, _ change: (Double) -> Double) {
        let (sum, done) = shares.withLock { shares in
            shares[segment] = change(shares[segment] ?? 0)
            return (shares.values.reduce(0, +), shares.values.count { $0 >= 1 })
        }
        call.progress(sum / Double(max(count, 1)), "\(name): \(done) of \(count) clips")
    }
}
