// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import JSONRPC
import Media
import MediaService

/// Implements `clipper.convert`.
struct FilmConverter: Sendable {
    let media: MediaWork

    /// Writes a film as an MP4 that players accept; copies the streams that already comply.
    func convert(_ request: ConvertMedia, _ call: Call) async throws -> ConvertedMedia {
        let output = try media.target(request.output, at: "/output")
        var recipe = ConversionRecipe(input: try await media.input(request.media, at: "/media"))
        recipe.start = request.start ?? 0
        recipe.duration = request.duration
        if request.width != nil || request.height != nil || request.fps != nil {
            // Validates the size and the rate even though only the rate is used here.
            let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
            recipe.rate = request.fps == nil ? nil : format.rate
        }
        (recipe.width, recipe.height) = (request.width, request.height)
        recipe.encodes = request.encode == true
        let finalRecipe = recipe
        let (report, _) = try await media.make(output, copying: request.media, reporting: call) { path, isCancelled in
            try MovieConversion.run(
                finalRecipe, output: path, cancelled: isCancelled,
                progress: { call.progress($0, "writing \(output.name)") })
        }
        return ConvertedMedia(
            video: output.description, duration: report.duration, encodedPictures: report.encodedPictures,
            encodedSound: report.encodedSound)
    }
}
