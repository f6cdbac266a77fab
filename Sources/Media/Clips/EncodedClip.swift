import CFFmpeg
import Timebase

/// A clip of which the encoder codes every frame: a moving one, or a still one for a player that wants it so.
///
/// Pictures are resampled on one thread while the encoder's own threads code the ones before.
enum EncodedClip {
    static func make(
        _ recipe: ClipRecipe, output: String, cancelled: () -> Bool, progress: (Double) -> Void
    ) throws(MediaError) -> ClipReport {
        func goOn() throws(MediaError) { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
        var clock = StageClock()
        var stages = ClipStages()
        try goOn()
        let format = recipe.format
        let pictures = try Ahead<SharedFrame, [String]>.start(depth: 3) { ahead throws(MediaError) in
            let pictures = try ClipPictures(recipe)
            for frame in 0..<recipe.frames {
                guard ahead.give(SharedFrame(try pictures.picture(at: frame))) else { break }
            }
            return pictures.warnings
        }
        defer { pictures.stop() }
        var picture = try pictures.next()
        stages.picture = clock.lap()
        progress(0.1)
        var encoder = try VideoEncoder(format: format, quality: .constantRateFactor(18), parameterSet: .encodedAnew)
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
            try goOn()
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

/// The pictures of a clip, one for each frame.
struct ClipPictures: ~Copyable {
    private let recipe: ClipRecipe
    private let still: Frame?
    private let moving: MovingPicture?
    private let path: MotionPath?
    /// Sentences on what of the picture could not be used.
    let warnings: [String]

    init(_ recipe: ClipRecipe) throws(MediaError) {
        self.recipe = recipe
        let format = recipe.format
        let path: MotionPath?
        var warnings: [String] = []
        switch recipe.motion {
        case .still:
            let picture = try Picture.load(recipe.image, format: format, warn: { warnings.append($0) })
            self.warnings = warnings
            still = consume picture
            moving = nil
            self.path = nil
            return
        case .path(let asked):
            if let fault = asked.from.fault ?? asked.to.fault {
                throw MediaError(.invalidArgument, "a motion needs \(fault)")
            }
            path = asked
        case .chosen:
            path = nil
        }
        // As many pixels as the closest view shows, so that nothing is enlarged that the source has in full.
        let closest = max(path?.closest ?? 1 / (1 + MotionChoice.zooms.upperBound), 0.5)
        let picture = try Picture.load(
            recipe.image, format: format,
            size: (
                Int((Double(format.width) / closest / 2).rounded()) * 2,
                Int((Double(format.height) / closest / 2).rounded()) * 2
            ), warn: { warnings.append($0) })
        let resampled = try MovingPicture(picture, format: format)
        self.warnings = warnings
        moving = consume resampled
        still = nil
        if let path {
            self.path = path
        } else if case .chosen(let id, let position) = recipe.motion {
            self.path = MotionChoice.path(
                segmentID: id, position: position, interest: Interest.point(of: picture))
        } else {
            self.path = nil
        }
    }

    func picture(at frame: Int) throws(MediaError) -> Frame {
        let overlay = recipe.overlay(at: frame)
        if let path {
            let last = max(recipe.frames - 1, 1)
            let picture = try moving!.render(path.rectangle(at: Double(frame) / Double(last)))
            if let overlay { recipe.overlays[overlay].draw(on: picture) }
            return picture
        }
        guard let overlay else { return try still!.reference() }
        let picture = try still!.copy()
        recipe.overlays[overlay].draw(on: picture)
        return picture
    }
}
