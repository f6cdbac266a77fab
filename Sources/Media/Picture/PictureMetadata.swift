import CZlib

/// What a picture file states of its orientation and its colours beside its samples.
struct PictureMetadata {
    private(set) var orientation: Orientation?
    /// An ICC profile.
    private(set) var profile: [UInt8]?
    /// Of PNG: what stands in for a profile.
    private(set) var colors = PNGColors()
    /// What cannot be used.
    private(set) var notes: [String] = []

    init(png bytes: [UInt8]) {
        for (kind, body) in PNGChunks.all(bytes) {
            switch kind {
            case "eXIf": orientation = orientation ?? EXIF.orientation(bytes[body])
            case "iCCP": readProfile(packed: bytes[body])
            default: colors.read(kind, bytes[body])
            }
        }
    }

    init(jpeg bytes: [UInt8]) {
        var parts: [Int: ArraySlice<UInt8>] = [:]
        var offset = 2
        while offset + 4 <= bytes.count, bytes[offset] == 0xFF {
            let marker = bytes[offset + 1]
            // What follows a start of scan is coded samples.
            if marker == 0xDA || marker == 0xD9 { break }
            if marker == 0xFF || marker == 0x01 || (0xD0...0xD8).contains(marker) {
                offset += marker == 0xFF ? 1 : 2
                continue
            }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let body = bytes[min(offset + 4, bytes.count)..<min(max(offset + 2 + length, offset + 4), bytes.count)]
            offset += 2 + max(length, 2)
            if marker == 0xE1, body.starts(with: EXIF.mark) {
                orientation = orientation ?? EXIF.orientation(body)
            } else if marker == 0xE2, body.count > 14, body.starts(with: Array("ICC_PROFILE\0".utf8)) {
                parts[Int(body[body.startIndex + 12])] = body.dropFirst(14)
            }
        }
        guard !parts.isEmpty else { return }
        let whole = parts.keys.sorted().flatMap { parts[$0] ?? [] }
        keep(profile: whole)
    }

    init(webp bytes: [UInt8]) {
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + 4 + $1]) }
            let kind = bytes[offset..<offset + 4]
            let body = bytes[offset + 8..<min(offset + 8 + size, bytes.count)]
            if kind.elementsEqual("EXIF".utf8) { orientation = orientation ?? EXIF.orientation(body) }
            if kind.elementsEqual("ICCP".utf8) { keep(profile: Array(body)) }
            offset += 8 + size + size % 2
        }
    }

    /// The name of the profile, a zero, the way it is packed, and the packed profile.
    private mutating func readProfile(packed chunk: ArraySlice<UInt8>) {
        guard profile == nil, let zero = chunk.prefix(80).firstIndex(of: 0), zero + 2 < chunk.endIndex else { return }
        let packed = Array(chunk[(zero + 2)...])
        var size = uLongf(ColorConversion.maximumBytes)
        var code = Z_DATA_ERROR
        let unpacked = [UInt8](unsafeUninitializedCapacity: ColorConversion.maximumBytes) { buffer, filled in
            code = uncompress(buffer.baseAddress, &size, packed, uLong(packed.count))
            filled = code == Z_OK ? Int(size) : 0
        }
        if code == Z_OK {
            keep(profile: unpacked)
        } else {
            notes.append("its colour profile cannot be unpacked")
        }
    }

    private mutating func keep(profile bytes: [UInt8]) {
        guard profile == nil else { return }
        if bytes.count > ColorConversion.maximumBytes {
            notes.append("its colour profile has \(bytes.count) bytes")
        } else {
            profile = bytes
        }
    }
}

/// The orientation that EXIF states.
enum EXIF {
    /// What stands before the data in JPEG.
    static let mark = Array("Exif\0\0".utf8)

    /// - Parameter bytes: TIFF data, with or without the mark of JPEG before it.
    static func orientation(_ bytes: ArraySlice<UInt8>) -> Orientation? {
        let data = Array((bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes).prefix(65_536))
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
            // SHORT or LONG, one of them.
            let value = number(entry + 2, 2) == 4 ? number(entry + 8, 4) : number(entry + 8, 2)
            return value.map(Orientation.init(exif:))
        }
        return nil
    }
}
