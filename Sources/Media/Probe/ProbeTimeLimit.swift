// SPDX-License-Identifier: Apache-2.0

import Glibc
import Untrusted

/// The time limit of a probe: five minutes plus the duration of the film.
///
/// A header can state any duration, so it is capped at what the file's size allows at 32 kbit/s.
struct ProbeTimeLimit: Sendable {
    private static let minimumSeconds = 300.0
    private static let slowestBytesPerSecond = 4096.0

    /// The lowest data rate of any film: still pictures of the smallest size, without sound.
    private static let fewestBytesPerSecond = 64.0

    /// Maximum duration that a file of its size can have, in seconds.
    static func plausibleDuration(_ path: String) -> Double { minimumSeconds + bytes(path) / fewestBytesPerSecond }

    /// Rejects implausible durations. Timestamps can be any time apart, and all frames and samples between them would
    /// be written.
    ///
    /// - Throws: `tooLarge` beyond six hours; `corruptMedia` if the file is too small for the duration.
    static func checkLength(_ seconds: Double, _ path: String) throws(MediaError) {
        guard seconds <= AudioReader.maximumDuration else {
            throw MediaError(.tooLarge, "\(fileName(path)) lasts \(seconds) s; a film lasts at most six hours")
        }
        guard seconds <= plausibleDuration(path) else {
            throw MediaError(
                .corruptMedia, "\(fileName(path)) is too small for the \(seconds) s that its timestamps state")
        }
    }

    let seconds: Double
    private let deadline: ContinuousClock.Instant

    /// - Parameter duration: Duration stated by the container, in seconds.
    init(_ path: String, duration: Double) {
        let plausible = Self.bytes(path) / Self.slowestBytesPerSecond
        self.init(seconds: Self.minimumSeconds + min(duration, plausible, AudioReader.maximumDuration))
    }

    private static func bytes(_ path: String) -> Double {
        var status = stat()
        return stat(path, &status) == 0 ? Double(status.st_size) : 0
    }

    init(seconds: Double) {
        self.seconds = seconds
        deadline = .now + .seconds(seconds)
    }

    var isExceeded: Bool { deadline < .now }

    /// Runs work that polls whether it should end.
    ///
    /// - Throws: `timeout` if the limit was exceeded, else the error of `body`.
    func run<Result>(
        _ name: String, _ cancelled: @escaping @Sendable () -> Bool,
        _ body: (_ shouldStop: @escaping @Sendable () -> Bool) throws(MediaError) -> Result
    ) throws(MediaError) -> Result {
        do throws(MediaError) {
            return try body { cancelled() || isExceeded }
        } catch {
            guard error.kind == .cancelled, !cancelled() else { throw error }
            throw MediaError(
                .timeout,
                "\(name) cannot be decoded within \(Int(seconds)) s; probe it with decode false, or encode it smaller")
        }
    }
}
