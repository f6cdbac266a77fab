import Artifacts
import FoundationEssentials
import Glibc
import JSONRPC

/// The lines of a file from its end to its beginning, without reading more than is asked for.
final class BackwardLines {
    private static let piece = 64 * 1024

    private let descriptor: Int32
    private var offset: Int
    private var kept: [UInt8] = []

    /// A file that does not exist has no lines.
    init(path: String) throws(ServiceError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 || errno == ENOENT else { throw FileFailure.error(errno, "cannot read \(path)") }
        offset = descriptor < 0 ? 0 : Int(lseek(descriptor, 0, SEEK_END))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The line before the one that was given last; empty lines are passed over.
    func next() -> Data? {
        while true {
            if let newline = kept.lastIndex(of: UInt8(ascii: "\n")) {
                let line = Data(kept[(newline + 1)...])
                kept.removeSubrange(newline...)
                if !line.isEmpty { return line }
            } else if offset > 0 {
                let count = min(Self.piece, offset)
                var bytes = [UInt8](repeating: 0, count: count)
                guard pread(descriptor, &bytes, count, off_t(offset - count)) == count else { return nil }
                offset -= count
                kept = bytes + kept
            } else {
                defer { kept = [] }
                return kept.isEmpty ? nil : Data(kept)
            }
        }
    }
}
