/// What the slice headers that we write must know of a sequence parameter set (ITU-T H.264, clause 7.3.2.1.1).
struct SequenceParameters: Equatable {
    var id = 0
    var log2MaxFrameNum = 4
    var pictureOrderCountType = 0
    var log2MaxPictureOrderCountLsb = 4
    var widthInMacroblocks = 0
    var heightInMacroblocks = 0
    var framesOnly = true

    /// - Throws: `unsupported` for a set that this reader does not follow.
    init(_ unit: NALUnit) throws(MediaError) {
        let payload = unit.payload
        guard unit.kind == .sequenceParameters, payload.count > 4 else {
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
            guard !reader.flag() else { throw MediaError(.unsupported, "scaling matrices in a sequence parameter set") }
        }
        log2MaxFrameNum = reader.unsigned() + 4
        pictureOrderCountType = reader.unsigned()
        switch pictureOrderCountType {
        case 0: log2MaxPictureOrderCountLsb = reader.unsigned() + 4
        case 2: break
        default: throw MediaError(.unsupported, "picture order count type \(pictureOrderCountType)")
        }
        _ = reader.unsigned()
        _ = reader.flag()
        widthInMacroblocks = reader.unsigned() + 1
        heightInMacroblocks = reader.unsigned() + 1
        framesOnly = reader.flag()
        // What is written from these numbers is as long as they say.
        guard log2MaxFrameNum <= 16, log2MaxPictureOrderCountLsb <= 16, widthInMacroblocks <= 4096,
            heightInMacroblocks <= 4096
        else { throw MediaError(.corruptMedia, "a sequence parameter set with numbers beyond its bounds") }
        guard !reader.isExhausted, framesOnly else {
            throw MediaError(.unsupported, "interlaced video")
        }
    }
}
