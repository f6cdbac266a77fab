// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes text to the standard streams without buffering.
package enum StandardStreams {
    /// Writes text to standard error.
    package static func error(_ text: String) { write(text, to: STDERR_FILENO) }
    /// Writes text to standard output.
    package static func output(_ text: String) { write(text, to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
