// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// A clip whose every frame is coded by the encoder: one with a motion, or a still one for players that require it.
///
/// One thread resamples pictures while the encoder's threads code the previous ones.
enum EncodedClip {
    static func make(
        _ recipe: ClipRecipe, output: String, cancelled: () -> Bool, progress: (Double) -> Void
    ) throws(MediaError) -> ClipReport {
        func checkCancellation() throws(MediaError) { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
        var clock = StageClock()
        var stages = ClipStages()
        try checkCancellation()
        let format = recipe.format
        let pictures = try PrefetchingProducer<SharedFrame, [String]>.start(depth: 3) { producer throws(MediaError) in
            let pictures = try ClipPictures(recipe)
            for frame in 0..<recipe.frames {
                guard producer.send(SharedFrame(try pictures.picture(at: frame))) else { break }
            }
            return pictures.warnings
        }
        defer { pictures.stop() }
        var picture = try pictures.next()
        stages.picture = clock.lap()
        progress(0.1)
        var encoder = try VideoEncoder(format: format, quality: .constantRateFactor(18), parameterSet: .reencoded)
        var movie = try MovieFile(path: output, format: format, configuration: try encoder.configuration)
        try movie.writeHeader()
        let packet = try Packet()
        let keys = Set(recipe.keyFrames)
        var largest = 0
        func drain(_ movie: inout MovieFile) throws(MediaError) {
            while let coded = try encoder.receive(into: packet) {
                largest = max(largest, coded.sample.count)
                try movie.write(coded)
            }
        }
        for frame in 0..<recipe.frames {
            try checkCancellation()
            guard let shared = picture else { throw MediaError(.internal, "a picture is missing") }
            try encoder.encode(shared.frame, asKey: keys.contains(frame))
            picture = try pictures.next()
            try drain(&movie)
            if frame % 16 == 0 { progress(0.1 + 0.9 * Double(frame) / Double(recipe.frames)) }
        }
        encoder.finish()
        try drain(&movie)
        stages.coding = clock.lap()
        try movie.finish()
        stages.writing = clock.lap()
        progress(1)
        return ClipReport(
            frames: recipe.frames, duration: format.rate.seconds(recipe.frames), largestPicture: largest,
            stages: stages, warnings: try pictures.summary())
    }
}
