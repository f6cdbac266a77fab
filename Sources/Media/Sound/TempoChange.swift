// SPDX-License-Identifier: Apache-2.0

import CSonic

/// Owns a stream of libsonic that changes the tempo of speech and keeps its pitch.
struct TempoChange: ~Copyable {
    /// Tempos at which speech stays intelligible.
    static let range = 1.0...2.0

    private let stream: sonicStream

    /// - Parameter tempo: Playback speed relative to the recording, within `range`.
    init(_ tempo: Double) throws(MediaError) {
        guard let stream = sonicCreateStream(Int32(AudioEncoder.sampleRate), 2) else {
            throw MediaError(.internal, "out of memory")
        }
        self.stream = stream
        sonicSetSpeed(stream, Float(tempo))
    }

    deinit { sonicDestroyStream(stream) }

    /// Processes samples.
    ///
    /// - Returns: The samples that are ready. Up to 50 ms are delayed.
    func process(_ samples: borrowing StereoSamples) throws(MediaError) -> StereoSamples {
        guard samples.count > 0 else { return StereoSamples() }
        var interleaved = samples.interleavedWithinFullScale
        guard sonicWriteFloatToStream(stream, &interleaved, Int32(samples.count)) != 0 else {
            throw MediaError(.internal, "out of memory")
        }
        return ready()
    }

    /// Returns the delayed samples.
    func finish() throws(MediaError) -> StereoSamples {
        guard sonicFlushStream(stream) != 0 else { throw MediaError(.internal, "out of memory") }
        return ready()
    }

    private func ready() -> StereoSamples {
        let available = Int(sonicSamplesAvailable(stream))
        guard available > 0 else { return StereoSamples() }
        var interleaved = [Float](repeating: 0, count: 2 * available)
        let count = Int(sonicReadFloatFromStream(stream, &interleaved, Int32(available)))
        return StereoSamples(interleaved: interleaved, count: count)
    }
}

extension StereoSamples {
    /// Both channels interleaved and clamped, since libsonic wraps around beyond full scale.
    fileprivate var interleavedWithinFullScale: [Float] {
        [Float](unsafeUninitializedCapacity: 2 * count) { buffer, filled in
            for index in 0..<count {
                buffer[2 * index] = max(-1, min(left[index].sanitized, 1))
                buffer[2 * index + 1] = max(-1, min(right[index].sanitized, 1))
            }
            filled = 2 * count
        }
    }

    fileprivate init(interleaved: [Float], count: Int) {
        self.init(silence: count)
        withMutableChannels { left, right in
            for index in 0..<count {
                left[index] = interleaved[2 * index]
                right[index] = interleaved[2 * index + 1]
            }
        }
    }
}
