// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// The primaries and the transfer of standard-range video whose colours would look wrong on BT.709 displays.
struct VideoColors: Equatable {
    /// Code points of ITU-T H.273.
    let primaries: Int32
    let transfer: Int32

    /// `nil` if no conversion is needed: BT.709, untagged video, and HDR video, which the tone map converts.
    ///
    /// The transfers of BT.709, BT.601, BT.2020 and sRGB are shown alike, as in players. So are the primaries of 525
    /// lines (SMPTE 170M and 240M): encoders choose that tag by the size alone, and Chromium, which converts all others
    /// that are listed here, shows (200, 30, 30) of such a clip as (200, 30, 30) and not as (195, 45, 28), which a
    /// literal conversion would give. So does mpv.
    init?(_ primaries: AVColorPrimaries, _ transfer: AVColorTransferCharacteristic) {
        guard DynamicRange(transfer: transfer) == .standard else { return nil }
        let others = [
            AVCOL_PRI_BT470M, AVCOL_PRI_BT470BG, AVCOL_PRI_FILM, AVCOL_PRI_BT2020, AVCOL_PRI_SMPTE431,
            AVCOL_PRI_SMPTE432,
        ]
        let curves = [AVCOL_TRC_GAMMA22, AVCOL_TRC_GAMMA28, AVCOL_TRC_LINEAR]
        guard others.contains(primaries) || curves.contains(transfer) else { return nil }
        self.primaries = Int32(others.contains(primaries) ? primaries.rawValue : AVCOL_PRI_BT709.rawValue)
        self.transfer = Int32(curves.contains(transfer) ? transfer.rawValue : AVCOL_TRC_BT709.rawValue)
    }

    init?(_ picture: borrowing Frame) {
        self.init(picture.pointer.pointee.color_primaries, picture.pointer.pointee.color_trc)
    }

    init?(_ parameters: AVCodecParameters) {
        self.init(parameters.color_primaries, parameters.color_trc)
    }

    /// The name in reports, such as `bt2020/bt709`.
    var name: String {
        let primaries = av_color_primaries_name(AVColorPrimaries(rawValue: UInt32(primaries)))
        let transfer = av_color_transfer_name(AVColorTransferCharacteristic(rawValue: UInt32(transfer)))
        return [primaries, transfer].map { $0.map { String(cString: $0) } ?? "unknown" }.joined(separator: "/")
    }
}
