// SPDX-License-Identifier: Apache-2.0

/// An H.264 NAL unit: its header byte and its payload with emulation prevention bytes, without start code or length.
struct NALUnit: Hashable {
    enum Kind: Int {
        case slice = 1
        case idr = 5
        case sei = 6
        case sequenceParameterSet = 7
        case pictureParameterSet = 8
    }

    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Creates a unit from a raw payload: adds the header byte and emulation prevention bytes (clause 7.4.1.1).
    init(kind: Kind, referenceIDC: Int, payload: [UInt8]) {
        var bytes = [UInt8(referenceIDC << 5 | kind.rawValue)]
        var zeros = 0
        for byte in payload {
            if zeros >= 2, byte <= 3 {
                bytes.append(3)
                zeros = 0
            }
            bytes.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
        self.bytes = bytes
    }

    var kind: Kind? { bytes.first.flatMap { Kind(rawValue: Int($0 & 0x1F)) } }

    /// The raw payload, without header and emulation prevention bytes.
    var payload: [UInt8] {
        var payload: [UInt8] = []
        var zeros = 0
        for byte in bytes.dropFirst() {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            payload.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
        return payload
    }

    /// The units of a byte stream with start codes (Annex B).
    static func split(annexB bytes: [UInt8]) -> [NALUnit] {
        var starts: [(code: Int, unit: Int)] = []
        var index = 0
        while index + 2 < bytes.count {
            if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                starts.append((index, index + 3))
                index += 3
            } else {
                index += 1
            }
        }
        return starts.enumerated().compactMap { number, start in
            var end = number + 1 < starts.count ? starts[number + 1].code : bytes.count
            while end > start.unit, bytes[end - 1] == 0 { end -= 1 }
            return end > start.unit ? NALUnit(bytes: Array(bytes[start.unit..<end])) : nil
        }
    }

    /// Splits an MP4 sample into units. A truncated last unit is dropped.
    static func split(sample bytes: [UInt8]) -> [NALUnit] {
        var units: [NALUnit] = []
        var offset = 0
        while offset + 4 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            offset += 4
            guard length > 0, offset + length <= bytes.count else { break }
            units.append(NALUnit(bytes: Array(bytes[offset..<offset + length])))
            offset += length
        }
        return units
    }

    /// Joins units to an MP4 sample: each follows its length in four bytes.
    static func sample(_ units: [NALUnit]) -> [UInt8] {
        var sample: [UInt8] = []
        sample.reserveCapacity(units.reduce(0) { $0 + $1.bytes.count + 4 })
        for unit in units {
            let length = UInt32(unit.bytes.count)
            sample += [
                UInt8(length >> 24), UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF),
            ]
            sample += unit.bytes
        }
        return sample
    }
}
