/// When the decoded frames of a stream are presented.
package struct PresentedSpan: Sendable, Equatable {
    /// The moment of the first frame in seconds on the file's time line.
    package var start: Double
    /// The end of the last frame in seconds on the file's time line.
    package var end: Double
    /// Seconds of decoded sound; of a picture the time from `start` to `end`.
    package var presented: Double
}

/// Collects a `PresentedSpan` from the timestamps of decoded frames. Containers state durations that need not be true, and Matroska
/// states none for a stream.
struct SpanMeter {
    private var first: Double?
    private var last = -Double.infinity
    private var end = -Double.infinity
    /// The gap between the last two pictures: what a last picture without a duration lasts.
    private var step = 0.0
    private var sound: Double?

    /// Takes a decoded picture.
    ///
    /// - Parameter time: seconds; `nil` if the file does not state it.
    mutating func add(picture time: Double?) {
        guard let time else { return }
        first = min(first ?? time, time)
        guard time > last else { return }
        if last.isFinite { step = time - last }
        last = time
    }

    /// Takes the duration of the packet that is presented last.
    mutating func end(at time: Double, lasting duration: Double) {
        if duration > 0, abs(time - last) < 0.001 { end = max(end, time + duration) }
    }

    /// Takes the moment until which the last picture is repeated.
    mutating func hold(until time: Double?) {
        if let time, last.isFinite, time > last { end = max(end, time) }
    }

    /// Takes decoded sound; without a timestamp it follows what came before.
    mutating func add(sound time: Double?, lasting duration: Double) {
        let time = time ?? (end.isFinite ? end : 0)
        first = min(first ?? time, time)
        last = max(last, time)
        end = max(end, time + duration)
        sound = (sound ?? 0) + duration
    }

    /// - Parameter frame: seconds that a frame lasts if nothing else is known.
    func span(frame: Double?) -> PresentedSpan? {
        guard let first else { return nil }
        let rest = step > 0 ? step : frame ?? 0
        let end = end > last ? end : last + rest
        return PresentedSpan(start: first, end: end, presented: sound ?? end - first)
    }
}
