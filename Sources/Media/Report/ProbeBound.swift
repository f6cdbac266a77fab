import Glibc
import Untrusted

/// The time that a probe may take: five minutes, and as long as the film itself lasts beyond that.
///
/// A header may promise any duration, so a film is believed to last at most as long as its bytes allow at 32 kbit/s.
struct ProbeBound: Sendable {
    private static let base = 300.0
    private static let slowestBytesPerSecond = 4096.0

    /// No film takes less: pictures that stand still in the smallest size, without sound.
    private static let fewestBytesPerSecond = 64.0

    /// The seconds that a file of its size may last at most.
    static func longest(_ path: String) -> Double { base + bytes(path) / fewestBytesPerSecond }

    /// Two time stamps may be any time apart, and all frames and samples between them would be written.
    ///
    /// - Throws: `tooLarge` beyond six hours; `corruptMedia` where the file is too small to last as long.
    static func checkLength(_ seconds: Double, _ path: String) throws(MediaError) {
        guard seconds <= AudioReader.maximumDuration else {
            throw MediaError(.tooLarge, "\(fileName(path)) lasts \(seconds) s; a film lasts at most six hours")
        }
        guard seconds <= longest(path) else {
            throw MediaError(
                .corruptMedia, "\(fileName(path)) is too small to last \(seconds) s, as its time stamps state")
        }
    }

    let seconds: Double
    private let end: ContinuousClock.Instant

    /// - Parameter duration: seconds, as the container states.
    init(_ path: String, duration: Double) {
        let longest = Self.bytes(path) / Self.slowestBytesPerSecond
        self.init(seconds: Self.base + min(duration, longest, AudioReader.maximumDuration))
    }

    private static func bytes(_ path: String) -> Double {
        var status = stat()
        return stat(path, &status) == 0 ? Double(status.st_size) : 0
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
