/// How long to wait before a request is made again: full jitter, and at least what the server asks for.
enum RetryPause {
    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - base: the upper bound after the first attempt, in seconds; it doubles with each further one.
    ///   - asked: seconds that the server asks for, if any.
    ///   - maximum: seconds.
    /// - Returns: seconds.
    static func seconds(after attempt: Int, base: Double, asked: Double?, maximum: Double) -> Double {
        let random = Double.random(in: 0...min(maximum, base * Double(1 << min(max(attempt - 1, 0), 10))))
        return max(random, min(asked ?? 0, maximum))
    }
}
