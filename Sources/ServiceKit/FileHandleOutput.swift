import Glibc

/// Text on the standard streams, in one write.
package enum FileHandleOutput {
    package static func error(_ text: String) { write(text, to: STDERR_FILENO) }
    package static func output(_ text: String) { write(text, to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
                if count <= 0 { return }
                offset += count
            }
        }
    }
}
