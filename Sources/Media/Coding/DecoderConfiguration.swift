// SPDX-License-Identifier: Apache-2.0

/// The parameter sets of an `avc1` track (ISO/IEC 14496-15, AVCDecoderConfigurationRecord).
struct DecoderConfiguration: Equatable {
    private(set) var sequence: [NALUnit] = []
    private(set) var picture: [NALUnit] = []

    init() {}

    /// Parses `avcC`, or a byte stream with start codes.
    ///
    /// - Throws: `corruptMedia` for other bytes.
    init(extradata: [UInt8]) throws(MediaError) {
        guard extradata.first == 1 else {
            for unit in NALUnit.split(annexB: extradata) { add(unit) }
            guard !sequence.isEmpty, !picture.isEmpty else {
                throw MediaError(.corruptMedia, "H.264 without parameter sets")
            }
            return
        }
        var offset = 5
        func units(_ count: Int) throws(MediaError) -> [NALUnit] {
            var units: [NALUnit] = []
            for _ in 0..<count {
                guard offset + 2 <= extradata.count else { throw MediaError(.corruptMedia, "avcC is truncated") }
                let length = Int(extradata[offset]) << 8 | Int(extradata[offset + 1])
                offset += 2
                guard length > 0, offset + length <= extradata.count else {
                    throw MediaError(.corruptMedia, "avcC is truncated")
                }
                units.append(NALUnit(bytes: Array(extradata[offset..<offset + length])))
                offset += length
            }
            return units
        }
        guard extradata.count > 6, extradata[4] & 3 == 3 else {
            throw MediaError(.unsupported, "avcC with NAL unit lengths of fewer than four bytes")
        }
        let sequenceCount = Int(extradata[offset] & 0x1F)
        offset += 1
        sequence = try units(sequenceCount)
        guard offset < extradata.count else { throw MediaError(.corruptMedia, "avcC is truncated") }
        let pictureCount = Int(extradata[offset])
        offset += 1
        picture = try units(pictureCount)
        guard !sequence.isEmpty, !picture.isEmpty else {
            throw MediaError(.corruptMedia, "avcC without parameter sets")
        }
    }

    /// Adds a parameter set. Other units and known sets are ignored.
    mutating func add(_ unit: NALUnit) {
        switch unit.kind {
        case .sequenceParameterSet where !sequence.contains(unit): sequence.append(unit)
        case .pictureParameterSet where !picture.contains(unit): picture.append(unit)
        default: break
        }
    }

    /// Adds the sets of another track.
    ///
    /// - Returns: `false`, with nothing added, if sets of the same id differ or there are too many sets.
    mutating func merge(_ other: DecoderConfiguration) -> Bool {
        // `avcC` stores these counts in 5 and 8 bits.
        guard sequence.count + other.sequence.count <= 31, picture.count + other.picture.count <= 255 else {
            return false
        }
        guard Self.areCompatible(sequence, other.sequence, skipping: 3),
            Self.areCompatible(picture, other.picture, skipping: 0)
        else {
            return false
        }
        for unit in other.sequence + other.picture { add(unit) }
        return true
    }

    /// The bytes of the record.
    var extradata: [UInt8] {
        guard let first = sequence.first, first.bytes.count > 3 else { return [] }
        var bytes: [UInt8] = [1, first.bytes[1], first.bytes[2], first.bytes[3], 0xFF]
        bytes.append(0xE0 | UInt8(sequence.count))
        for unit in sequence { bytes += [UInt8(unit.bytes.count >> 8), UInt8(unit.bytes.count & 0xFF)] + unit.bytes }
        bytes.append(UInt8(picture.count))
        for unit in picture { bytes += [UInt8(unit.bytes.count >> 8), UInt8(unit.bytes.count & 0xFF)] + unit.bytes }
        if [100, 110, 122, 144].contains(first.bytes[1]) {
            // 4:2:0, eight bits, no extensions.
            bytes += [0xFD, 0xF8, 0xF8, 0]
        }
        return bytes
    }

    private static func areCompatible(_ own: [NALUnit], _ other: [NALUnit], skipping: Int) -> Bool {
        func id(_ unit: NALUnit) -> Int {
            var reader = BitReader(Array(unit.payload.dropFirst(skipping)))
            return reader.unsigned()
        }
        return other.allSatisfy { unit in own.allSatisfy { id($0) != id(unit) || $0 == unit } }
    }
}
