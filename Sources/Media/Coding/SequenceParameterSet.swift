// SPDX-License-Identifier: Apache-2.0

/// The parts of a sequence parameter set needed to write slice headers (ITU-T H.264, clause 7.3.2.1.1).
struct SequenceParameterSet: Equatable {
    var id = 0
    var log2MaxFrameNum = 4
    var pictureOrderCountType = 0
    var log2MaxPictureOrderCountLsb = 4
    var widthInMacroblocks = 0
    var heightInMacroblocks = 0
    var isFrameOnly = true

    /// - Parameter acceptsFields: Whether sets of interlaced video are accepted.
    /// - Throws: `unsupported` for a set with features that this parser does not support.
    init(_ unit: NALUnit, acceptsFields: Bool = false) throws(MediaError) {
        let payload = unit.payload
        guard unit.kind == .sequenceParameterSet, payload.count > 4 else {
            throw MediaError(.corruptMedia, "a sequence parameter set is missing or too short")
        }
        let profile = payload[0]
        var reader = BitReader(Array(payload.dropFirst(3)))
        id = reader.unsigned()
        if [100, 110, 122, 244, 44, 83, 86, 118, 128].contains(profile) {
            let chromaFormat = reader.unsigned()
            if chromaFormat == 3 { _ = reader.flag() }
            _ = reader.unsigned()
            _ = reader.unsigned()
            _ = reader.flag()
            if reader.flag() {
                guard acceptsFields else {
                    throw MediaError(.unsupported, "scaling matrices in a sequence parameter set")
                }
                for list in 0..<(chromaFormat == 3 ? 12 : 8) where reader.flag() {
                    Self.skipScalingList(of: list < 6 ? 16 : 64, &reader)
                }
            }
        }
        log2MaxFrameNum = reader.unsigned() + 4
        pictureOrderCountType = reader.unsigned()
        switch pictureOrderCountType {
        case 0: log2MaxPictureOrderCountLsb = reader.unsigned() + 4
        case 1 where acceptsFields:
            _ = reader.flag()
            for _ in 0..<2 { _ = reader.signed() }
            for _ in 0..<min(reader.unsigned(), 255) { _ = reader.signed() }
        case 2: break
        default: throw MediaError(.unsupported, "picture order count type \(pictureOrderCountType)")
        }
        _ = reader.unsigned()
        _ = reader.flag()
        widthInMacroblocks = reader.unsigned() + 1
        heightInMacroblocks = reader.unsigned() + 1
        isFrameOnly = reader.flag()
        // These numbers determine how much is written.
        guard log2MaxFrameNum <= 16, log2MaxPictureOrderCountLsb <= 16, widthInMacroblocks <= 4096,
            heightInMacroblocks <= 4096
        else { throw MediaError(.corruptMedia, "a sequence parameter set with values out of range") }
        guard !reader.isExhausted, isFrameOnly || acceptsFields else {
            throw MediaError(.unsupported, "interlaced video")
        }
    }

    /// scaling_list, clause 7.3.2.1.1.1.
    private static func skipScalingList(of count: Int, _ reader: inout BitReader) {
        var (last, next) = (8, 8)
        for _ in 0..<count {
            if next != 0 { next = (last + reader.signed()) & 0xFF }
            if next != 0 { last = next }
        }
    }
}
