import CFFmpeg

/// Decodes the pictures of a film that was just written.
enum FilmVerification {
    /// - Parameter frames: what the film must have.
    /// - Returns: what is wrong with its pictures; `nil` if all of them decode.
    static func fault(
        _ path: String, frames: Int, cancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void
    ) throws(MediaError) -> String? {
        let input = try InputFile(path, cancelled: cancelled)
        guard let video = input.best(AVMEDIA_TYPE_VIDEO) else { return "it holds no video" }
        var pass = try MediaPass(path, streams: [video], cancelled: cancelled)
        guard let outcome = try pass.run(cancelled, progress, { _ in })[video] else { return "it holds no video" }
        if let problem = outcome.problems.first { return problem }
        return outcome.frames == frames ? nil : "\(outcome.frames) of \(frames) frames decode"
    }
}
