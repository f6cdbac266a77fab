import Artifacts
import Faults
import FoundationEssentials
import Glibc

/// The lines of a file from its end to its beginning, without reading more than is asked for.
///
/// Each byte is read and searched once, however long the lines are; a line longer than `maximumLine` is passed over.
final class BackwardLines {
    private static let piece = 64 * 1024
    private static let newline = UInt8(ascii: "\n")

    /// Bytes of a line that is returned at most: events come in lines of the wire, which are shorter.
    static let maximumLine = 16 * 1024 * 1024

    /// Which file it is, whatever its name is by now; `nil` for a file that does not exist.
    let identity: [UInt]?
    /// Bytes that were read so far.
    private(set) var bytesRead = 0
    private let descriptor: Int32
    private var offset = 0
    /// What was read and not yet returned; the rest of the line that it ends with is in `rest`.
    private var block: [UInt8] = []
    private var end = 0
    /// The later parts of the line that is being collected, last part first.
    private var rest: [[UInt8]] = []
    private var restBytes = 0

    /// A file that does not exist has no lines.
    init(path: String) throws(ServiceError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 || errno == ENOENT else { throw FileFailure.error(errno, "cannot read \(path)") }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            identity = nil
            return
        }
        identity = [UInt(status.st_dev), UInt(status.st_ino)]
        offset = Int(status.st_size)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The line before the one that was returned last; empty lines are passed over.
    func next() -> Data? {
        while true {
            if let newline = block[..<end].lastIndex(of: Self.newline) {
                let line = line(from: newline + 1)
                end = newline
                if let line { return line }
            } else if offset > 0 {
                keepRest(block[..<end])
                guard readBlock() else { return nil }
            } else {
                defer { end = 0 }
                return line(from: 0)
            }
        }
    }

    /// The line that begins in the block; `nil` for one that is empty or too long.
    private func line(from start: Int) -> Data? {
        defer {
            rest = []
            restBytes = 0
        }
        let count = end - start + restBytes
        guard count > 0, count <= Self.maximumLine else { return nil }
        var line = Data(capacity: count)
        line.append(contentsOf: block[start..<end])
        for part in rest.reversed() { line.append(contentsOf: part) }
        return line
    }

    private func keepRest(_ part: ArraySlice<UInt8>) {
        restBytes += part.count
        // Only its length is of interest from here on.
        if restBytes > Self.maximumLine { rest = [] } else if !part.isEmpty { rest.append(Array(part)) }
    }

    private func readBlock() -> Bool {
        let count = min(Self.piece, offset)
        block = [UInt8](repeating: 0, count: count)
        guard pread(descriptor, &block, count, off_t(offset - count)) == count else {
            (offset, end) = (0, 0)
            return false
        }
        offset -= count
        bytesRead += count
        end = count
        return true
    }
}
