// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import Glibc

/// Reads the lines of a file from its end to its beginning, on demand.
///
/// Each byte is read and searched once, regardless of the length of lines. Lines longer than `maximumLine` are skipped.
final class ReverseLineReader {
    private static let blockSize = 64 * 1024
    private static let newline = UInt8(ascii: "\n")

    /// Maximum size of a line in bytes. Events are limited by the maximum message size of the protocol, which is smaller.
    static let maximumLine = 16 * 1024 * 1024

    /// Device and inode, which identify the file after a rename; `nil` if it does not exist.
    let identity: [UInt]?
    /// The number of bytes read so far.
    private(set) var bytesRead = 0
    private let descriptor: Int32
    private var offset = 0
    /// The current block. Its unreturned part is `block[..<end]`; the rest of its last line is in `lineTail`.
    private var block: [UInt8] = []
    private var end = 0
    /// The parts of the current line from later blocks, last part first.
    private var lineTail: [[UInt8]] = []
    private var lineTailBytes = 0

    /// Opens a file. A missing file has no lines.
    ///
    /// - Throws: why the file cannot be read.
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

    /// The line before the last returned one; empty lines are skipped.
    ///
    /// - Returns: `nil` at the beginning of the file, or if it became unreadable.
    func next() -> Data? {
        while true {
            if let newline = block[..<end].lastIndex(of: Self.newline) {
                let line = line(from: newline + 1)
                end = newline
                if let line { return line }
            } else if offset > 0 {
                appendToTail(block[..<end])
                guard readBlock() else { return nil }
            } else {
                defer { end = 0 }
                return line(from: 0)
            }
        }
    }

    /// The line that begins at `start` in the block; `nil` if it is empty or too long.
    private func line(from start: Int) -> Data? {
        defer {
            lineTail = []
            lineTailBytes = 0
        }
        let count = end - start + lineTailBytes
        guard count > 0, count <= Self.maximumLine else { return nil }
        var line = Data(capacity: count)
        line.append(contentsOf: block[start..<end])
        for part in lineTail.reversed() { line.append(contentsOf: part) }
        return line
    }

    private func appendToTail(_ part: ArraySlice<UInt8>) {
        lineTailBytes += part.count
        // A line that is too long is skipped: only its length matters.
        if lineTailBytes > Self.maximumLine { lineTail = [] } else if !part.isEmpty { lineTail.append(Array(part)) }
    }

    private func readBlock() -> Bool {
        let count = min(Self.blockSize, offset)
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
