// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Verifies that the pictures of a written film decode.
enum FilmVerification {
    /// - Parameter frames: Expected number of frames.
    /// - Returns: The first problem; `nil` if all pictures decode.
    static func fault(
        _ path: String, frames: Int, cancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void
    ) throws(MediaError) -> String? {
        let input = try InputFile(path, cancelled: cancelled)
        guard let video = input.best(AVMEDIA_TYPE_VIDEO) else { return "it contains no video" }
        var pass = try MediaPass(path, streams: [video], cancelled: cancelled)
        guard let outcome = try pass.run(cancelled, progress, { _ in })[video] else { return "it contains no video" }
        if let problem = outcome.problems.first { return problem }
        return outcome.frames == frames ? nil : "\(outcome.frames) of \(frames) frames decode"
    }
}
