// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Writes a film of stills and cross-fades from the clips' coded pictures.
struct StillFilmWriter {
    private let fadeEncoder: CrossFadeEncoder
    /// Number of groups started.
    private var groups = 0
    /// The most recently parsed key frames, as stored and as parsed. A still has two.
    private var recent: [(sample: [UInt8], picture: IntraPicture)] = []

    init(_ fadeEncoder: CrossFadeEncoder) {
        self.fadeEncoder = fadeEncoder
    }

    /// Writes frames of a clip, starting at any frame.
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
                    try film.movie.write(fadeEncoder.key(try parse(sample), number: groups % 2))
                } else {
                    try film.movie.write(fadeEncoder.skip.picture(distance: frame - key))
                }
                try step(&film)
            }
            frame += 1
        }
        guard frame == range.upperBound else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) ends at frame \(frame), but its index lists more")
        }
    }

    /// Writes a fade with the frame before and the frame after it.
    ///
    /// - Parameter last: Frame of the leaving clip whose picture is held.
    mutating func write(
        _ fade: FilmPlan.Fade, from leaving: String, at last: Int, to entering: String, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        let count = fade.range.count
        groups += 1
        try film.movie.write(fadeEncoder.key(try picture(in: leaving, at: last), number: groups % 2))
        try step(&film)
        try film.movie.write(fadeEncoder.entering(try picture(in: entering, at: 0), after: count), displayOffset: count)
        try step(&film)
        for (index, frame) in fade.range.enumerated() {
            try film.movie.write(
                fadeEncoder.blend(index, weight: FilmPlan.weight(at: frame, of: fade)), displayOffset: -1)
            try step(&film)
        }
    }

    /// The picture shown at a frame of a clip.
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
        return try parse(sample)
    }

    private mutating func parse(_ sample: [UInt8]) throws(MediaError) -> IntraPicture {
        if let found = recent.first(where: { $0.sample == sample }) { return found.picture }
        let picture = try IntraPicture(sample: sample, fadeEncoder.source)
        recent = recent.suffix(1) + [(sample, picture)]
        return picture
    }
}
