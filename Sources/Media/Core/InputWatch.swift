import CFFmpeg

/// Ends libav's work on a file whose reader was cancelled, or that takes too long to open.
final class InputWatch: Sendable {
    /// The time that opening and examining a file may take.
    static let patience = Duration.seconds(60)

    private let name: String
    private let cancelled: @Sendable () -> Bool
    // Changed once, by the thread that opens, before anyone else has the file.
    private nonisolated(unsafe) var deadline: ContinuousClock.Instant?

    init(_ name: String, _ cancelled: @escaping @Sendable () -> Bool) {
        self.name = name
        self.cancelled = cancelled
        deadline = .now + Self.patience
    }

    /// For `AVFormatContext`, which does not own the watch.
    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { watch in
                guard let watch else { return 0 }
                return Unmanaged<InputWatch>.fromOpaque(watch).takeUnretainedValue().isOver ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }

    /// The file is open: from now on only cancelling ends its reading.
    func isOpened() { deadline = nil }

    /// - Throws: `cancelled` or `timeout` where the watch ended libav's work, else what libav says.
    func check(_ code: Int32, _ doing: @autoclosure () -> String) throws(MediaError) {
        guard code < 0 else { return }
        if cancelled() { throw MediaError(.cancelled, "cancelled") }
        if let deadline, deadline < .now {
            throw MediaError(
                .timeout,
                "\(name) takes more than \(Self.patience.components.seconds) s to open: the file is broken, or has too many "
                    + "streams; write it again with one stream of pictures and one of sound")
        }
        throw MediaError(code: code, doing())
    }

    private var isOver: Bool { cancelled() || deadline.map { $0 < .now } ?? false }
}
