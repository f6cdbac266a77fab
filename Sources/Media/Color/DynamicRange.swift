// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Glibc

/// The transfer characteristics of a video, standard or HDR.
package enum DynamicRange: String, Sendable {
    /// Standard dynamic range.
    case standard
    /// SMPTE ST 2084.
    case perceptualQuantiser = "PQ"
    /// ARIB STD-B67.
    case hybridLogGamma = "HLG"

    init(transfer: AVColorTransferCharacteristic) {
        switch transfer {
        case AVCOL_TRC_SMPTE2084: self = .perceptualQuantiser
        case AVCOL_TRC_ARIB_STD_B67: self = .hybridLogGamma
        default: self = .standard
        }
    }

    /// Linear light of a code value of 0 to 1, where 1 is diffuse white (203 cd/m², ITU-R BT.2408).
    func light(_ value: Double) -> Double {
        switch self {
        case .standard: return pow(value, 2.4)
        case .perceptualQuantiser:
            let power = pow(value, 1 / 78.84375)
            let light = pow(max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125)
            return light * 10_000 / 203
        case .hybridLogGamma:
            let scene = value <= 0.5 ? value * value / 3 : (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
            // The system gamma of a display of 1000 cd/m².
            return pow(scene, 1.2) * 1000 / 203
        }
    }
}
