// SPDX-License-Identifier: Apache-2.0

/// Determines a `PresentedSpan` from the timestamps of decoded frames. Durations stated by containers can be wrong, and
/// Matroska states none for streams.
struct SpanMeter {
    private var first: Double?
    private var last = -Double.infinity
    private var end = -Double.infinity
    /// Interval between the last two pictures: the duration of a last picture that states none.
    private var step = 0.0
    private var sound: Double?

    /// Adds a decoded picture.
    ///
    /// - Parameter time: Seconds; `nil` if the file does not state it.
    mutating func add(picture time: Double?) {
        guard let time else { return }
        first = min(first ?? time, time)
        guard time > last else { return }
        if last.isFinite { step = time - last }
        last = time
    }

    /// Adds the end of the packet that is presented last.
    mutating func end(at time: Double, lasting duration: Double) {
        if duration > 0, abs(time - last) < 0.001 { end = max(end, time + duration) }
    }

    /// Adds the time until which the last picture is repeated.
    mutating func extend(until time: Double?) {
        if let time, last.isFinite, time > last { end = max(end, time) }
    }

    /// Adds decoded sound. Without a timestamp, it follows the sound before it.
    mutating func add(sound time: Double?, lasting duration: Double) {
        let time = time ?? (end.isFinite ? end : 0)
        first = min(first ?? time, time)
        last = max(last, time)
        end = max(end, time + duration)
        sound = (sound ?? 0) + duration
    }

    /// - Parameter frame: Duration of a frame in seconds if nothing else is known.
    func span(frame: Double?) -> PresentedSpan? {
        guard let first else { return nil }
        let rest = step > 0 ? step : frame ?? 0
        let end = end > last ? end : last + rest
        return PresentedSpan(start: first, end: end, presented: sound ?? end - first)
    }
}
