import CFFmpeg

/// How much of each channel of a source is heard in the left and in the right channel, as ITU-R BS.775 has it.
///
/// The matrix is scaled so that the louder row adds up to 1: a downmix of full-scale channels does not clip, and mono keeps its
/// level in both channels. swresample's default makes mono 3 dB quieter and lets 5.1 in float reach 2.41.
struct StereoMatrix {
    private static let half = 0.5.squareRoot()

    let channels: Int
    /// For the left channel, then for the right one.
    let coefficients: [Double]

    init(from layout: inout AVChannelLayout) {
        channels = max(Int(layout.nb_channels), 1)
        var shares: [(left: Double, right: Double)] = []
        for index in 0..<channels {
            let channel = av_channel_layout_channel_from_index(&layout, UInt32(index))
            shares.append(channels == 1 ? (1, 1) : Self.share(channel))
        }
        if shares.allSatisfy({ $0.left == 0 && $0.right == 0 }) { shares = shares.map { _ in (1, 1) } }
        let sum = max(shares.reduce(0) { $0 + $1.left }, shares.reduce(0) { $0 + $1.right })
        coefficients = (shares.map(\.left) + shares.map(\.right)).map { $0 / sum }
    }

    /// For the usual layout of so many channels.
    static func usual(channels: Int) -> StereoMatrix {
        var layout = AVChannelLayout()
        defer { av_channel_layout_uninit(&layout) }
        av_channel_layout_default(&layout, Int32(clamping: channels))
        return StereoMatrix(from: &layout)
    }

    private static func share(_ channel: AVChannel) -> (left: Double, right: Double) {
        switch channel {
        case AV_CHAN_FRONT_LEFT, AV_CHAN_FRONT_LEFT_OF_CENTER, AV_CHAN_STEREO_LEFT: (1, 0)
        case AV_CHAN_FRONT_RIGHT, AV_CHAN_FRONT_RIGHT_OF_CENTER, AV_CHAN_STEREO_RIGHT: (0, 1)
        case AV_CHAN_BACK_LEFT, AV_CHAN_SIDE_LEFT, AV_CHAN_WIDE_LEFT, AV_CHAN_SURROUND_DIRECT_LEFT,
            AV_CHAN_TOP_FRONT_LEFT, AV_CHAN_TOP_SIDE_LEFT, AV_CHAN_TOP_BACK_LEFT, AV_CHAN_BOTTOM_FRONT_LEFT:
            (half, 0)
        case AV_CHAN_BACK_RIGHT, AV_CHAN_SIDE_RIGHT, AV_CHAN_WIDE_RIGHT, AV_CHAN_SURROUND_DIRECT_RIGHT,
            AV_CHAN_TOP_FRONT_RIGHT, AV_CHAN_TOP_SIDE_RIGHT, AV_CHAN_TOP_BACK_RIGHT, AV_CHAN_BOTTOM_FRONT_RIGHT:
            (0, half)
        case AV_CHAN_FRONT_CENTER: (half, half)
        case AV_CHAN_LOW_FREQUENCY, AV_CHAN_LOW_FREQUENCY_2: (0, 0)
        // Behind, above, or at no known place.
        default: (0.5, 0.5)
        }
    }
}
