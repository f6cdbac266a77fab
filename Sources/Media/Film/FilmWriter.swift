/// The file of a film, and the sound that follows its picture.
struct FilmWriter: ~Copyable {
    private let sound: SoundAhead
    var movie: MovieFile
    private var next: CodedSound?

    /// - Parameter movie: has its tracks and its header.
    init(sound: SoundAhead, movie: consuming MovieFile) {
        self.sound = sound
        self.movie = movie
        next = nil
    }

    /// Writes the sound of the time line up to a sample.
    mutating func writeSound(upTo sample: Int) throws(MediaError) {
        while true {
            if next == nil { next = try sound.next() }
            guard let packet = next, packet.time < Int64(sample) else { return }
            try movie.writeAudio(packet)
            next = nil
        }
    }

    /// Writes the rest of the sound, and brings the file to its end.
    mutating func finish() throws(MediaError) -> SoundSummary {
        try writeSound(upTo: .max)
        try movie.finish()
        return try sound.summary()
    }
}
