// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import JSONRPC
import Media
import MediaService
import Synchronization

// The inputs of a MediaConvert job that must be made first: cross-fades, and parts whose clips do not fit.
extension MediaConvertStitcher {
    /// The number of inputs that are rendered concurrently.
    private static let renderConcurrency = 4

    /// Renders inputs and stores them in the bucket.
    ///
    /// - Returns: warnings of the rendering.
    func render(
        _ inputs: [MediaConvertInput], _ film: MediaConvertFilm, _ call: Call
    ) async throws -> [String] {
        var warnings: [String] = []
        var pending = inputs.makeIterator()
        var done = 0
        let fraction = Mutex(0.0)
        let message = "preparing the inputs of \(film.output.name)"
        let onProgress: @Sendable () -> Void = { call.progress(fraction.withLock { $0 }, message) }
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<Self.renderConcurrency {
                if let input = pending.next() { group.addTask { try await render(input, film, call, onProgress) } }
            }
            while let inputWarnings = try await group.next() {
                warnings += inputWarnings
                done += 1
                fraction.withLock { $0 = 0.3 * Double(done) / Double(inputs.count) }
                onProgress()
                if let input = pending.next() { group.addTask { try await render(input, film, call, onProgress) } }
            }
        }
        return warnings
    }

    private func render(
        _ input: MediaConvertInput, _ film: MediaConvertFilm, _ call: Call, _ onProgress: @escaping @Sendable () -> Void
    ) async throws -> [String] {
        let (parts, format, fadeFrames) = (film.parts, film.format, film.fadeFrames)
        let fit: PictureFit = film.request.fit == .crop ? .crop : .letterBox
        switch input.source {
        case .clip:
            return []
        case .part(let index):
            var recipe = FilmRecipe(parts: [parts[index]], format: format)
            recipe.fit = fit
            let finalRecipe = recipe
            return try await local.media.make(try film.file(of: input), reporting: call) { path, isCancelled in
                try Film.stitch(finalRecipe, output: path, cancelled: isCancelled, progress: { _ in onProgress() })
                    .warnings
            }.0
        case .fade(let index):
            return try await local.media.make(try film.file(of: input), reporting: call) { path, isCancelled in
                try FadeClip.make(
                    from: parts[index - 1], to: parts[index], crossing: fadeFrames, format: format, fit: fit,
                    output: path, cancelled: isCancelled)
            }.0
        }
    }
}
