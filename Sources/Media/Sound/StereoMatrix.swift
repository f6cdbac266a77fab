// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// The coefficients of a source's channels for the left and the right channel, following ITU-R BS.775: centre and
/// surrounds at -3 dB, mono at its own level in both channels (swresample's default is 3 dB quieter).
///
/// Loud channels may add up to more than full scale (5.1 to 2.41), which a limiter then corrects. Scaling the matrix
/// instead would make the dialogue of every film 7.7 dB quieter because of peaks that few films have.
struct StereoMatrix {
    private static let minus3dB = 0.5.squareRoot()

    let channels: Int
    /// For the left output, then for the right one.
    let coefficients: [Double]

    /// Whether channels within full scale may add up to more than full scale.
    var mayClip: Bool {
        [coefficients.prefix(channels), coefficients.suffix(channels)].contains { $0.reduce(0, +) > 1.000001 }
    }

    init(from layout: inout AVChannelLayout) {
        channels = max(Int(layout.nb_channels), 1)
        var perChannel: [(left: Double, right: Double)] = []
        for index in 0..<channels {
            let channel = av_channel_layout_channel_from_index(&layout, UInt32(index))
            perChannel.append(channels == 1 ? (1, 1) : Self.coefficients(channel))
        }
        if perChannel.allSatisfy({ $0.left == 0 && $0.right == 0 }) { perChannel = perChannel.map { _ in (1, 1) } }
        coefficients = perChannel.map(\.left) + perChannel.map(\.right)
    }

    /// The matrix of the default layout of a number of channels.
    static func standard(channels: Int) -> StereoMatrix {
        var layout = AVChannelLayout()
        defer { av_channel_layout_uninit(&layout) }
        av_channel_layout_default(&layout, Int32(clamping: channels))
        return StereoMatrix(from: &layout)
    }

    private static func coefficients(_ channel: AVChannel) -> (left: Double, right: Double) {
        switch channel {
        case AV_CHAN_FRONT_LEFT, AV_CHAN_FRONT_LEFT_OF_CENTER, AV_CHAN_STEREO_LEFT: (1, 0)
        case AV_CHAN_FRONT_RIGHT, AV_CHAN_FRONT_RIGHT_OF_CENTER, AV_CHAN_STEREO_RIGHT: (0, 1)
        case AV_CHAN_BACK_LEFT, AV_CHAN_SIDE_LEFT, AV_CHAN_WIDE_LEFT, AV_CHAN_SURROUND_DIRECT_LEFT,
            AV_CHAN_TOP_FRONT_LEFT, AV_CHAN_TOP_SIDE_LEFT, AV_CHAN_TOP_BACK_LEFT, AV_CHAN_BOTTOM_FRONT_LEFT:
            (minus3dB, 0)
        case AV_CHAN_BACK_RIGHT, AV_CHAN_SIDE_RIGHT, AV_CHAN_WIDE_RIGHT, AV_CHAN_SURROUND_DIRECT_RIGHT,
            AV_CHAN_TOP_FRONT_RIGHT, AV_CHAN_TOP_SIDE_RIGHT, AV_CHAN_TOP_BACK_RIGHT, AV_CHAN_BOTTOM_FRONT_RIGHT:
            (0, minus3dB)
        case AV_CHAN_FRONT_CENTER: (minus3dB, minus3dB)
        case AV_CHAN_LOW_FREQUENCY, AV_CHAN_LOW_FREQUENCY_2: (0, 0)
        // Behind, above, or at an unknown position.
        default: (0.5, 0.5)
        }
    }
}
