import CFFmpeg

/// How much of each channel of a source is heard in the left and in the right channel, as ITU-R BS.775 has it: the centre and the
/// surrounds at -3 dB, mono at its level in both channels (swresample's default makes it 3 dB quieter).
///
/// Loud channels may add up to more than full scale (5.1 to 2.41), which a limiter then takes back: scaling the matrix instead would
/// make the dialogue of every film 7.7 dB quieter for the sake of peaks that few films have.
struct StereoMatrix {
    private static let half = 0.5.squareRoot()

    let channels: Int
    /// For the left channel, then for the right one.
    let coefficients: [Double]

    /// Whether channels within full scale may add up to more than full scale.
    var mayClip: Bool {
        [coefficients.prefix(channels), coefficients.suffix(channels)].contains { $0.reduce(0, +) > 1.000001 }
    }

    init(from layout: inout AVChannelLayout) {
        channels = max(Int(layout.nb_channels), 1)
        var shares: [(left: Double, right: Double)] = []
        for index in 0..<channels {
            let channel = av_channel_layout_channel_from_index(&layout, UInt32(index))
            shares.append(channels == 1 ? (1, 1) : Self.share(channel))
        }
        if shares.allSatisfy({ $0.left == 0 && $0.right == 0 }) { shares = shares.map { _ in (1, 1) } }
        coefficients = shares.map(\.left) + shares.map(\.right)
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
