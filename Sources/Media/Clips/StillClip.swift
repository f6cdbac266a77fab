// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// A clip of a picture that does not change, coded with as little data as possible.
///
/// The picture is coded once and becomes two IDR pictures that differ only in `idr_pic_id`, used alternately at key
/// frames. Every other frame is a picture of a few bytes that repeats the one before (`SkipPictures`). The cost of a
/// clip thus depends on its picture, not on its length. Each overlay adds one coded picture.
enum StillClip {
    private static let quantisers = [17, 20, 23, 26, 29, 32, 36, 40, 45, 51]

    static func make(
        _ recipe: ClipRecipe, output: String, cancelled: () -> Bool, progress: (Double) -> Void
    ) throws(MediaError) -> ClipReport {
        func checkCancellation() throws(MediaError) { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
        var clock = StageClock()
        var stages = ClipStages()
        try checkCancellation()
        let format = recipe.format
        var warnings: [String] = []
        let picture = try Picture.load(recipe.image, format: format, warn: { warnings.append($0) })
        stages.picture = clock.lap()
        progress(0.4)
        let keys = recipe.keyFrames
        let seconds = max(format.rate.seconds(recipe.frames), KeyFrames.interval)
        let budget = Double(VideoEncoder.maximumBitRate(format)) / 8 * seconds
        let coded = try code(picture, recipe, largest: Int(budget / Double(keys.count)), checkCancellation)
        stages.coding = clock.lap()
        progress(0.8)

        let skip = SkipPictures(parameters: try SequenceParameterSet(coded.configuration.sequence[0]))
        var configuration = coded.configuration
        configuration.add(skip.pictureParameterSet)
        var movie = try MovieFile(path: output, format: format, configuration: configuration)
        try movie.writeHeader()
        var key = -1
        for frame in 0..<recipe.frames {
            if key + 1 < keys.count, keys[key + 1] == frame {
                key += 1
                let pair = coded.pairs[recipe.overlay(at: frame).map { $0 + 1 } ?? 0]
                try movie.write(pair[key % 2])
            } else {
                try movie.write(skip.picture(distance: frame - keys[key]))
            }
            if frame % 1024 == 0 { try checkCancellation() }
        }
        try movie.finish()
        stages.writing = clock.lap()
        progress(1)
        return ClipReport(
            frames: recipe.frames, duration: format.rate.seconds(recipe.frames),
            largestPicture: coded.pairs.joined().map(\.sample.count).max() ?? 0, stages: stages, warnings: warnings)
    }

    /// Codes the picture with the finest quantiser that keeps it within `largest` bytes, then the picture under each
    /// overlay.
    private static func code(
        _ picture: borrowing Frame, _ recipe: ClipRecipe, largest: Int,
        _ checkCancellation: () throws(MediaError) -> Void
    ) throws(MediaError) -> (configuration: DecoderConfiguration, pairs: [[CodedPicture]]) {
        var chosen = quantisers[0]
        var configuration = DecoderConfiguration()
        var pairs: [[CodedPicture]] = []
        for quantiser in quantisers {
            try checkCancellation()
            let (sets, pair) = try pair(picture, recipe.format, quantiser)
            (chosen, configuration, pairs) = (quantiser, sets, [pair])
            if pair[0].sample.count <= largest { break }
        }
        for overlay in recipe.overlays {
            try checkCancellation()
            let covered = try picture.copy()
            overlay.draw(on: covered)
            pairs.append(try pair(covered, recipe.format, chosen).pair)
        }
        return (configuration, pairs)
    }

    /// Two IDR pictures of the same picture that differ in `idr_pic_id`.
    private static func pair(
        _ picture: borrowing Frame, _ format: VideoFormat, _ quantiser: Int
    ) throws(MediaError) -> (sets: DecoderConfiguration, pair: [CodedPicture]) {
        var encoder = try VideoEncoder(format: format, quality: .constantQuantiser(quantiser), parameterSet: .still)
        let packet = try Packet()
        try encoder.encode(picture, asKey: true)
        encoder.finish()
        guard let coded = try encoder.receive(into: packet), coded.isKey else {
            throw MediaError(.internal, "the encoder did not return a key frame")
        }
        let sets = try encoder.configuration
        let sequence = try SequenceParameterSet(sets.sequence[0])
        let second = try IntraPicture(sample: coded.sample, sets).idr(number: 1, parameterSet: 0, sequence)
        return (sets, [coded, second])
    }
}
