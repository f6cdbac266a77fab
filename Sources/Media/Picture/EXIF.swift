// SPDX-License-Identifier: Apache-2.0

/// Reads the orientation that EXIF states.
enum EXIF {
    /// The identifier that precedes the data in JPEG.
    static let identifier = Array("Exif\0\0".utf8)

    /// - Parameter bytes: TIFF data, with or without JPEG's identifier before it.
    static func orientation(_ bytes: ArraySlice<UInt8>) -> Orientation? {
        let data = Array((bytes.starts(with: identifier) ? bytes.dropFirst(identifier.count) : bytes).prefix(65_536))
        guard data.count >= 14 else { return nil }
        let isLittle = data.starts(with: Array("II".utf8))
        guard isLittle || data.starts(with: Array("MM".utf8)) else { return nil }
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset + count <= data.count else { return nil }
            let part = data[offset..<offset + count]
            return isLittle ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for index in 0..<min(count, 512) {
            let entry = directory + 2 + index * 12
            guard number(entry, 2) == 0x0112 else { continue }
            // One value of type SHORT or LONG.
            let value = number(entry + 2, 2) == 4 ? number(entry + 8, 4) : number(entry + 8, 2)
            return value.map(Orientation.init(exif:))
        }
        return nil
    }
}
