import Artifacts
import Contracts
import Faults
import JSONRPC
import Media
import MediaService

/// Answers `clipper.convert`.
struct FilmConverter: Sendable {
    let media: MediaWork

    func convert(_ request: ConvertMedia, _ call: Call) async throws -> ConvertedMedia {
        let output = try media.target(request.output, at: "/output")
        var recipe = ConversionRecipe(input: try await media.input(request.media, at: "/media"))
        recipe.start = request.start ?? 0
        recipe.duration = request.duration
        if request.width != nil || request.height != nil || request.fps != nil {
            // Checks what is asked for.
            let asked = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
            recipe.rate = request.fps == nil ? nil : asked.rate
        }
        (recipe.width, recipe.height) = (request.width, request.height)
        recipe.encodes = request.encode == true
        let ready = recipe
        let (report, _) = try await media.make(output, copying: request.media, reporting: call) { path, cancelled in
            try MovieConversion.run(
                ready, output: path, cancelled: cancelled,
                progress: { call.progress($0, "writing \(output.name)") })
        }
        return ConvertedMedia(
            video: output.description, duration: report.duration, encodedPictures: report.encodedPictures,
            encodedSound: report.encodedSound)
    }
}
