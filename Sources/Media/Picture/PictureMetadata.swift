// SPDX-License-Identifier: Apache-2.0

import CZlib

/// What an image file states of its orientation and colours, apart from its samples.
struct PictureMetadata {
    private(set) var orientation: Orientation?
    /// An ICC profile.
    private(set) var profile: [UInt8]?
    /// For PNG: the chunks that replace a profile.
    private(set) var colors = PNGColors()
    /// What cannot be used.
    private(set) var problems: [String] = []

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
            // A start of scan is followed by coded samples.
            if marker == 0xDA || marker == 0xD9 { break }
            if marker == 0xFF || marker == 0x01 || (0xD0...0xD8).contains(marker) {
                offset += marker == 0xFF ? 1 : 2
                continue
            }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let body = bytes[min(offset + 4, bytes.count)..<min(max(offset + 2 + length, offset + 4), bytes.count)]
            offset += 2 + max(length, 2)
            if marker == 0xE1, body.starts(with: EXIF.identifier) {
                orientation = orientation ?? EXIF.orientation(body)
            } else if marker == 0xE2, body.count > 14, body.starts(with: Array("ICC_PROFILE\0".utf8)) {
                parts[Int(body[body.startIndex + 12])] = body.dropFirst(14)
            }
        }
        guard !parts.isEmpty else { return }
        let joined = parts.keys.sorted().flatMap { parts[$0] ?? [] }
        store(profile: joined)
    }

    init(webp bytes: [UInt8]) {
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + 4 + $1]) }
            let kind = bytes[offset..<offset + 4]
            let body = bytes[offset + 8..<min(offset + 8 + size, bytes.count)]
            if kind.elementsEqual("EXIF".utf8) { orientation = orientation ?? EXIF.orientation(body) }
            if kind.elementsEqual("ICCP".utf8) { store(profile: Array(body)) }
            offset += 8 + size + size % 2
        }
    }

    /// Reads a chunk of the profile's name, a zero, the compression method and the compressed profile.
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
            store(profile: unpacked)
        } else {
            problems.append("its colour profile cannot be unpacked")
        }
    }

    private mutating func store(profile bytes: [UInt8]) {
        guard profile == nil else { return }
        if bytes.count > ColorConversion.maximumBytes {
            problems.append("its colour profile has \(bytes.count) bytes")
        } else {
            profile = bytes
        }
    }
}
