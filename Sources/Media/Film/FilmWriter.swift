// SPDX-License-Identifier: Apache-2.0

/// Writes a film's file and interleaves the sound with the picture.
struct FilmWriter: ~Copyable {
    private let sound: SoundProducer
    var movie: MovieFile
    private var next: SoundPacket?

    /// - Parameter movie: A file with its tracks and header.
    init(sound: SoundProducer, movie: consuming MovieFile) {
        self.sound = sound
        self.movie = movie
        next = nil
    }

    /// Writes the sound up to a sample of the time line.
    mutating func writeSound(upTo sample: Int) throws(MediaError) {
        while true {
            if next == nil { next = try sound.next() }
            guard let packet = next, packet.time < Int64(sample) else { return }
            try movie.writeAudio(packet)
            next = nil
        }
    }

    /// Writes the rest of the sound and finishes the file.
    mutating func finish() throws(MediaError) -> SoundSummary {
        try writeSound(upTo: .max)
        try movie.finish()
        return try sound.summary()
    }
}
