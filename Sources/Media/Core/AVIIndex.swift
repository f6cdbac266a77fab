/// The chunks of an AVI file as its own index lists them. A chunk without bytes repeats the picture before it; libav counts it as
/// a frame, and neither lists it nor gives a packet for it.
struct AVIIndex {
    /// Whether every list of the file ends within the file.
    private(set) var isWhole = false
    /// Chunks of pictures of each stream, those without bytes included; empty if no index covers the whole file.
    private(set) var pictures: [Int: Int] = [:]

    /// Chunks and lists of the file's first level, and bytes of the index that are read at a time.
    private static let mostChunks = 4096
    private static let piece = 16 * 4096

    init(_ path: String) {
        guard let file = try? FileHandleReader(path) else { return }
        var lists = 0
        var offset = 0
        isWhole = true
        while lists < Self.mostChunks, let head = file.read(at: offset, count: 12), head.count == 12, head.is("RIFF") {
            let end = offset + 8 + head.number(at: 4)
            // A list that ends beyond the file has lost its end, and so has one whose writer never stated its length.
            if head.number(at: 4) == 0 || file.read(at: end - 1, count: 1) == nil { isWhole = false }
            if lists == 0 { findIndex(file, from: offset + 12, to: end) }
            lists += 1
            offset = end + end % 2
        }
        if lists == 0 { isWhole = false }
        // The index of the first list says nothing about the others.
        if lists != 1 { pictures = [:] }
    }

    private mutating func findIndex(_ file: borrowing FileHandleReader, from start: Int, to end: Int) {
        var offset = start
        for _ in 0..<Self.mostChunks {
            guard offset < end, let head = file.read(at: offset, count: 8), head.count == 8 else { return }
            let size = head.number(at: 4)
            if head.is("idx1") { return count(file, from: offset + 8, to: min(offset + 8 + size, end)) }
            offset += 8 + size + size % 2
        }
    }

    private mutating func count(_ file: borrowing FileHandleReader, from start: Int, to end: Int) {
        var offset = start
        while offset < end, let entries = file.read(at: offset, count: min(Self.piece, end - offset)) {
            for place in stride(from: 0, to: entries.count - 15, by: 16) {
                // "00dc" and "00db": the stream, and that the chunk is a picture.
                let digits = (Int(entries[place]) - 48, Int(entries[place + 1]) - 48)
                guard entries[place + 2] == UInt8(ascii: "d"), [98, 99].contains(entries[place + 3]),
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

    /// Four bytes, the least significant first.
    fileprivate func number(at place: Int) -> Int {
        self[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
