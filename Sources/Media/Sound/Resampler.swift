// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns a conversion of sound to 48 kHz stereo. A downmix of several channels stays within full scale.
struct Resampler: ~Copyable {
    private let context: OpaquePointer
    private var limiter: DownmixLimiter
    private let source: (rate: Int32, format: Int32, channels: Int32)
    private let name: String

    /// - Parameter frame: The first frame of the source, whose format the conversion is for.
    init(from frame: borrowing Frame, name: String) throws(MediaError) {
        let sound = frame.pointer.pointee
        // A rate of 1 Hz would turn each sample into 48,000.
        guard (1000...768_000).contains(sound.sample_rate), (1...64).contains(sound.ch_layout.nb_channels) else {
            throw MediaError(
                .unsupported,
                "\(name): \(sound.ch_layout.nb_channels) channels at \(sound.sample_rate) Hz are not supported; "
                    + "supported: 1 to 64 channels at 1,000 to 768,000 Hz")
        }
        var stereo = us_stereo()
        var layout = AVChannelLayout()
        defer { av_channel_layout_uninit(&layout) }
        if sound.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC {
            av_channel_layout_default(&layout, sound.ch_layout.nb_channels)
        } else {
            av_channel_layout_copy(&layout, &frame.pointer.pointee.ch_layout)
        }
        let matrix = StereoMatrix(from: &layout)
        var made: OpaquePointer?
        try check(
            swr_alloc_set_opts2(
                &made, &stereo, AV_SAMPLE_FMT_FLTP, Int32(AudioEncoder.sampleRate), &layout,
                AVSampleFormat(rawValue: sound.format), sound.sample_rate, 0, nil),
            "\(name): unsupported sound format")
        guard let made else { throw MediaError(.internal, "out of memory") }
        let resampler = Resampler(
            adopting: made, source: (sound.sample_rate, sound.format, sound.ch_layout.nb_channels),
            limiter: DownmixLimiter(matrix), name: name)
        try check(
            swr_set_matrix(made, matrix.coefficients, Int32(matrix.channels)), "\(name): unsupported sound format")
        try check(swr_init(made), "\(name): unsupported sound format")
        self = resampler
    }

    private init(
        adopting context: OpaquePointer, source: (Int32, Int32, Int32), limiter: DownmixLimiter, name: String
    ) {
        self.context = context
        self.limiter = limiter
        self.source = source
        self.name = name
    }

    deinit {
        var context: OpaquePointer? = context
        swr_free(&context)
    }

    /// Whether a frame has the format that the conversion is for.
    func fits(_ frame: borrowing Frame) -> Bool {
        let sound = frame.pointer.pointee
        return (sound.sample_rate, sound.format, sound.ch_layout.nb_channels) == source
    }

    /// Number of samples at 48 kHz that were taken but not returned yet.
    var delay: Int {
        Int(clamping: swr_get_delay(context, Int64(AudioEncoder.sampleRate))) + limiter.delay
    }

    /// Converts samples; without data, returns what is still buffered.
    ///
    /// - Returns: Number of samples appended.
    mutating func convert(
        _ data: UnsafePointer<UnsafeMutablePointer<UInt8>?>?, count: Int32, into samples: inout StereoSamples
    ) throws(MediaError) -> Int {
        guard !limiter.isIdle else { return try mix(data, count: count, into: &samples) }
        var mixed = StereoSamples()
        _ = try mix(data, count: count, into: &mixed)
        let limited = limiter.process(mixed, isLast: data == nil)
        samples.append(limited)
        return limited.count
    }

    private func mix(
        _ data: UnsafePointer<UnsafeMutablePointer<UInt8>?>?, count: Int32, into samples: inout StereoSamples
    ) throws(MediaError) -> Int {
        let capacity = max(Int(swr_get_out_samples(context, count)), 0) + 32
        var left = [Float](repeating: 0, count: capacity)
        var right = left
        let produced: Int32 = left.withUnsafeMutableBytes { left in
            right.withUnsafeMutableBytes { right in
                var planes: [UnsafeMutablePointer<UInt8>?] = [
                    left.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    right.baseAddress?.assumingMemoryBound(to: UInt8.self),
                ]
                guard let data else { return swr_convert(context, &planes, Int32(capacity), nil, 0) }
                return data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 8) { source in
                    swr_convert(context, &planes, Int32(capacity), UnsafeMutablePointer(mutating: source), count)
                }
            }
        }
        try check(produced, "\(name): cannot resample")
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                samples.append(
                    left: UnsafeBufferPointer(rebasing: left[..<Int(produced)]),
                    right: UnsafeBufferPointer(rebasing: right[..<Int(produced)]))
            }
        }
        return Int(produced)
    }
}
