// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Interrupts libav's work on a file when the caller cancels or opening takes too long.
final class InputInterrupt: Sendable {
    /// Maximum time for opening and examining a file.
    static let openTimeout = Duration.seconds(60)

    private let name: String
    private let cancelled: @Sendable () -> Bool
    // Changed once, by the opening thread, before the file is shared.
    private nonisolated(unsafe) var deadline: ContinuousClock.Instant?

    init(_ name: String, _ cancelled: @escaping @Sendable () -> Bool) {
        self.name = name
        self.cancelled = cancelled
        deadline = .now + Self.openTimeout
    }

    /// The callback for `AVFormatContext`, which does not retain this object.
    var callback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { interrupt in
                guard let interrupt else { return 0 }
                return Unmanaged<InputInterrupt>.fromOpaque(interrupt).takeUnretainedValue().shouldInterrupt ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }

    /// Ends the time limit after the file was opened: from now on only cancellation interrupts.
    func didOpen() { deadline = nil }

    /// Throws if a libav call failed.
    ///
    /// - Throws: `cancelled` or `timeout` if the call was interrupted, else libav's error.
    func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(MediaError) {
        guard code < 0 else { return }
        if cancelled() { throw MediaError(.cancelled, "cancelled") }
        if let deadline, deadline < .now {
            throw MediaError(
                .timeout,
                "\(name) takes more than \(Self.openTimeout.components.seconds) s to open: the file is damaged or has too many "
                    + "streams; remux it with one video and one audio stream")
        }
        throw MediaError(code: code, operation())
    }

    private var shouldInterrupt: Bool { cancelled() || deadline.map { $0 < .now } ?? false }
}
