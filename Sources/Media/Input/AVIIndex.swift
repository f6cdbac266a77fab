// SPDX-License-Identifier: Apache-2.0

/// The chunks of an AVI file as listed in its index. A chunk without bytes repeats the previous picture; libav counts
/// it as a frame, but neither lists it nor returns a packet for it.
struct AVIIndex {
    /// Whether every list of the file ends within the file.
    private(set) var isComplete = false
    /// Number of picture chunks of each stream, including empty ones. Empty if no index covers the whole file.
    private(set) var pictures: [Int: Int] = [:]

    /// Maximum chunks and lists on the file's first level, and bytes of the index read at once.
    private static let maximumChunks = 4096
    private static let bytesPerRead = 16 * 4096

    init(_ path: String) {
        guard let file = try? RandomAccessFile(path) else { return }
        var lists = 0
        var offset = 0
        isComplete = true
        while lists < Self.maximumChunks, let header = file.read(at: offset, count: 12), header.count == 12,
            header.is("RIFF")
        {
            let end = offset + 8 + header.number(at: 4)
            // A list that ends beyond the file is truncated, and so is one whose writer never stored its length.
            if header.number(at: 4) == 0 || file.read(at: end - 1, count: 1) == nil { isComplete = false }
            if lists == 0 { findIndex(file, from: offset + 12, to: end) }
            lists += 1
            offset = end + end % 2
        }
        if lists == 0 { isComplete = false }
        // The index of the first list does not cover the others.
        if lists != 1 { pictures = [:] }
    }

    private mutating func findIndex(_ file: borrowing RandomAccessFile, from start: Int, to end: Int) {
        var offset = start
        for _ in 0..<Self.maximumChunks {
            guard offset < end, let header = file.read(at: offset, count: 8), header.count == 8 else { return }
            let size = header.number(at: 4)
            if header.is("idx1") { return count(file, from: offset + 8, to: min(offset + 8 + size, end)) }
            offset += 8 + size + size % 2
        }
    }

    private mutating func count(_ file: borrowing RandomAccessFile, from start: Int, to end: Int) {
        var offset = start
        while offset < end, let entries = file.read(at: offset, count: min(Self.bytesPerRead, end - offset)) {
            for entry in stride(from: 0, to: entries.count - 15, by: 16) {
                // Such as "00dc" and "00db": two digits of the stream, and that the chunk is a picture.
                let digits = (Int(entries[entry]) - 48, Int(entries[entry + 1]) - 48)
                guard entries[entry + 2] == UInt8(ascii: "d"), [98, 99].contains(entries[entry + 3]),
                    (0...9).contains(digits.0), (0...9).contains(digits.1)
                else { continue }
                pictures[digits.0 * 10 + digits.1, default: 0] += 1
            }
            offset += entries.count
        }
    }
}

extension [UInt8] {
    fileprivate func `is`(_ name: String) -> Bool { prefix(4).elementsEqual(name.utf8) }

    /// A little-endian number of four bytes.
    fileprivate func number(at offset: Int) -> Int {
        self[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
