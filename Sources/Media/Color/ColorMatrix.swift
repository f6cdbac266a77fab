// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// The matrix between RGB and luma and chroma.
enum ColorMatrix: String {
    case bt601 = "BT.601"
    case smpte240 = "SMPTE 240M"
    case bt709 = "BT.709"
    case bt2020 = "BT.2020"

    /// `nil` if untagged or not supported.
    init?(_ space: AVColorSpace) {
        switch space {
        case AVCOL_SPC_BT709: self = .bt709
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: self = .bt2020
        case AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG: self = .bt601
        case AVCOL_SPC_SMPTE240M: self = .smpte240
        default: return nil
        }
    }

    /// The matrix that players use: the tagged one; for untagged video BT.709 from 720 lines on and BT.601 below.
    /// Decoders tag JPEG and WebP pictures, which are BT.601 at any size.
    init(_ space: AVColorSpace, height: Int) {
        self = ColorMatrix(space) ?? (height >= 720 ? .bt709 : .bt601)
    }

    init(of picture: borrowing Frame) {
        self.init(picture.pointer.pointee.colorspace, height: picture.height)
    }

    /// swscale's constant for the matrix.
    var scalerName: Int32 {
        switch self {
        case .bt601: SWS_CS_ITU601
        case .smpte240: SWS_CS_SMPTE240M
        case .bt709: SWS_CS_ITU709
        case .bt2020: SWS_CS_BT2020
        }
    }
}
