/// The file of a film, and the sound that follows its picture.
struct FilmWriter: ~Copyable {
    var sound: Soundtrack
    private var encoder: AudioEncoder
    var movie: MovieFile
    private let packet: Packet

    /// - Parameter movie: has its tracks and its header.
    init(
        sound: consuming Soundtrack, encoder: consuming AudioEncoder, movie: consuming MovieFile,
        packet: consuming Packet
    ) {
        self.sound = sound
        self.encoder = encoder
        self.movie = movie
        self.packet = packet
    }

    /// Writes the sound of the time line up to a sample.
    mutating func writeSound(upTo sample: Int) throws(MediaError) {
        while let samples = try sound.next(upTo: sample) {
            encoder.encode(samples)
            while try encoder.receive(into: packet) { try movie.writeAudio(packet) }
        }
    }

    mutating func finish() throws(MediaError) {
        encoder.encode(try sound.finish())
        encoder.finish()
        while try encoder.receive(into: packet) { try movie.writeAudio(packet) }
        try movie.finish()
    }
}
