import CFFmpeg

/// Writes a film of pictures that stand still and fade into each other, out of the clips' coded pictures.
struct StandingPictures {
    private let blender: BlendPictures
    /// Groups that were begun.
    private var groups = 0
    /// The last key frames that were taken apart, as the clip has them and as they are: a still has two.
    private var known: [(sample: [UInt8], picture: IntraPicture)] = []

    init(_ blender: BlendPictures) {
        self.blender = blender
    }

    /// Writes frames of a clip, from a frame on that need not be a key frame.
    mutating func write(
        _ range: Range<Int>, of clip: String, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        let packet = try Packet()
        let input = try InputFile(clip, examines: false)
        let index = input.best(AVMEDIA_TYPE_VIDEO) ?? -1
        var (frame, key) = (0, 0)
        var sample: [UInt8] = []
        while frame < range.upperBound, try input.readShown(packet, of: index) {
            if packet.isKey { sample = packet.bytes }
            if frame >= range.lowerBound {
                if packet.isKey || frame == range.lowerBound {
                    key = frame
                    groups += 1
                    try film.movie.write(blender.key(try takeApart(sample), number: groups % 2))
                } else {
                    try film.movie.write(blender.skip.picture(distance: frame - key))
                }
                try step(&film)
            }
            frame += 1
        }
        guard frame == range.upperBound else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) ends at frame \(frame), its index promises more")
        }
    }

    /// Writes a fade, the frame before it and the frame after it.
    ///
    /// - Parameter last: the frame of the leaving clip whose picture is held.
    mutating func write(
        _ fade: FilmPlan.Fade, from leaving: String, at last: Int, to entering: String, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        let count = fade.range.count
        groups += 1
        try film.movie.write(blender.key(try picture(in: leaving, at: last), number: groups % 2))
        try step(&film)
        try film.movie.write(blender.entering(try picture(in: entering, at: 0), after: count), later: count)
        try step(&film)
        for (index, frame) in fade.range.enumerated() {
            try film.movie.write(blender.blend(index, weight: FilmPlan.weight(at: frame, of: fade)), later: -1)
            try step(&film)
        }
    }

    /// The picture that stands at a frame of a clip.
    private mutating func picture(in clip: String, at frame: Int) throws(MediaError) -> IntraPicture {
        let packet = try Packet()
        let input = try InputFile(clip, examines: false)
        let index = input.best(AVMEDIA_TYPE_VIDEO) ?? -1
        var sample: [UInt8] = []
        var position = 0
        while position <= frame, try input.readShown(packet, of: index) {
            if packet.isKey { sample = packet.bytes }
            position += 1
        }
        return try takeApart(sample)
    }

    private mutating func takeApart(_ sample: [UInt8]) throws(MediaError) -> IntraPicture {
        if let found = known.first(where: { $0.sample == sample }) { return found.picture }
        let picture = try IntraPicture(sample: sample, blender.source)
        known = known.suffix(1) + [(sample, picture)]
        return picture
    }
}
