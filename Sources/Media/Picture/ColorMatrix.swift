import CFFmpeg

/// How red, green and blue became luma and chroma.
enum ColorMatrix: String {
    case bt601 = "BT.601"
    case bt709 = "BT.709"
    case bt2020 = "BT.2020"

    /// `nil` where nothing, or something rare, is said.
    init?(_ space: AVColorSpace) {
        switch space {
        case AVCOL_SPC_BT709: self = .bt709
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: self = .bt2020
        case AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG: self = .bt601
        default: return nil
        }
    }

    /// What a picture says; untagged video of high definition is BT.709 by custom, pictures are BT.601 by their standard.
    init(of picture: borrowing Frame, isFullRange: Bool) {
        self =
            ColorMatrix(picture.pointer.pointee.colorspace)
            ?? (!isFullRange && picture.height >= 720 ? .bt709 : .bt601)
    }

    /// swscale's name of it.
    var scalerName: Int32 {
        switch self {
        case .bt601: SWS_CS_ITU601
        case .bt709: SWS_CS_ITU709
        case .bt2020: SWS_CS_BT2020
        }
    }
}
