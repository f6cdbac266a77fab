import Glibc
import Untrusted

/// The time that a probe may take: five minutes, and as long as the film itself lasts beyond that.
///
/// A header may promise any duration, so a film is believed to last at most as long as its bytes allow at 32 kbit/s.
struct ProbeBound: Sendable {
    private static let base = 300.0
    private static let slowestBytesPerSecond = 4096.0

    let seconds: Double
    private let end: ContinuousClock.Instant

    /// - Parameter duration: seconds, as the container states.
    init(_ path: String, duration: Double) {
        var status = stat()
        let bytes = stat(path, &status) == 0 ? Double(status.st_size) : 0
        self.init(
            seconds: Self.base + min(duration, bytes / Self.slowestBytesPerSecond, AudioReader.maximumDuration))
    }

    init(seconds: Double) {
        self.seconds = seconds
        end = .now + .seconds(seconds)
    }

    var isPassed: Bool { end < .now }

    /// Runs work that asks whether it should end.
    ///
    /// - Throws: `timeout` where the bound passed; else what `body` throws.
    func run<Result>(
        _ name: String, _ cancelled: @escaping @Sendable () -> Bool,
        _ body: (_ isOver: @escaping @Sendable () -> Bool) throws(MediaError) -> Result
    ) throws(MediaError) -> Result {
        do throws(MediaError) {
            return try body { cancelled() || isPassed }
        } catch {
            guard error.kind == .cancelled, !cancelled() else { throw error }
            throw MediaError(
                .timeout,
                "\(name) cannot be decoded within \(Int(seconds)) s; probe it with decode false, or encode it smaller")
        }
    }
}
