// SPDX-License-Identifier: Apache-2.0

/// Measures the duration of a narration.
package enum NarrationDuration {
    /// Decodes all sound of a file and returns its duration in seconds.
    ///
    /// - Throws: `MediaError` if the file cannot be read; `cancelled`.
    package static func seconds(_ path: String, cancelled: () -> Bool = { false }) throws(MediaError) -> Double {
        var reader = try AudioReader.open(path)
        return Double(try reader.countSamples(cancelled: cancelled)) / Double(AudioEncoder.sampleRate)
    }
}
