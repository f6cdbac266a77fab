// SPDX-License-Identifier: Apache-2.0

import CEbur128

/// Measures the loudness of 48 kHz stereo according to EBU R 128 and ITU-R BS.1770.
struct LoudnessMeter: ~Copyable {
    private let state: UnsafeMutablePointer<ebur128_state>
    private var interleaved: [Float]

    init() throws(MediaError) {
        let modes = EBUR128_MODE_I.rawValue | EBUR128_MODE_TRUE_PEAK.rawValue | EBUR128_MODE_LRA.rawValue
        guard let state = ebur128_init(2, UInt(AudioEncoder.sampleRate), Int32(modes)) else {
            throw MediaError(.internal, "out of memory")
        }
        self.init(adopting: state)
    }

    private init(adopting state: UnsafeMutablePointer<ebur128_state>) {
        self.state = state
        interleaved = []
    }

    deinit {
        var state: UnsafeMutablePointer<ebur128_state>? = state
        ebur128_destroy(&state)
    }

    mutating func add(_ samples: StereoSamples) throws(MediaError) {
        let count = samples.count
        if interleaved.count < 2 * count { interleaved = [Float](repeating: 0, count: 2 * count) }
        let code = interleaved.withUnsafeMutableBufferPointer { both in
            samples.withChannels { left, right in
                for index in 0..<count {
                    both[2 * index] = left[index].sanitized
                    both[2 * index + 1] = right[index].sanitized
                }
            }
            return ebur128_add_frames_float(state, both.baseAddress, count)
        }
        guard code == 0 else { throw MediaError(.internal, "out of memory") }
    }

    /// Integrated loudness of everything so far in LUFS; `nil` if it is silent or shorter than 0.4 s.
    var integrated: Double? {
        var loudness = 0.0
        guard ebur128_loudness_global(state, &loudness) == 0, loudness.isFinite else { return nil }
        return loudness
    }

    /// True peak of the louder channel in dBTP; `nil` without a signal.
    var truePeak: Double? {
        var (left, right) = (0.0, 0.0)
        guard ebur128_true_peak(state, 0, &left) == 0, ebur128_true_peak(state, 1, &right) == 0 else { return nil }
        let peak = max(left, right)
        return peak > 0 ? Decibels.level(peak) : nil
    }

    /// Loudness range in LU (EBU Tech 3342); 0 below three seconds.
    var range: Double {
        var range = 0.0
        return ebur128_loudness_range(state, &range) == 0 && range.isFinite ? range : 0
    }
}
