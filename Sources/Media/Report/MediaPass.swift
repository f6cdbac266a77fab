import CFFmpeg

/// Reads a file once and decodes several of its streams on the way.
struct MediaPass: ~Copyable {
    /// Streams of sound, and of pictures, that are decoded of one file.
    static let maximumSounds = 16
    static let maximumPictures = 4

    private let file: InputFile
    private var streams: [StreamDecoding]
    /// The place in `streams` of each stream of the file.
    private let places: [Int: Int]

    /// - Parameters:
    ///   - indices: the streams that are decoded.
    ///   - looks: the one whose pictures are looked at.
    init(
        _ path: String, streams indices: [Int], looks: Int? = nil, cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let file = try InputFile(path, cancelled: cancelled)
        let budget = try PictureBudget()
        var streams: [StreamDecoding] = []
        for index in indices {
            guard index < file.streamCount else { throw MediaError(.corruptMedia, "\(fileName(path)) changes") }
            streams.append(
                try StreamDecoding(
                    file, stream: index, looks: index == looks, threads: indices.count == 1 ? 2 : 1, budget: budget,
                    cancelled: cancelled))
        }
        places = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
        self.streams = streams
        self.file = file
    }

    /// Decodes to the file's end.
    ///
    /// - Parameter inspect: sees each picture of the stream that is looked at.
    /// - Returns: what was found, by stream.
    mutating func run(
        _ cancelled: () -> Bool, _ progress: (Double) -> Void, _ inspect: (PictureLook) -> Void
    ) throws(MediaError) -> [Int: StreamDecoding.Outcome] {
        let packet = try Packet()
        var fault: String?
        do throws(MediaError) {
            while try file.read(packet) {
                if cancelled() { throw MediaError(.cancelled, "cancelled") }
                guard let place = places[Int(packet.pointer.pointee.stream_index)] else { continue }
                try streams[place].take(packet, of: file, cancelled, progress, inspect)
            }
        } catch  where error.kind == .corruptMedia {
            fault = error.message
        }
        var outcomes: [Int: StreamDecoding.Outcome] = [:]
        for (index, place) in places {
            outcomes[index] = try streams[place].finish(cancelled, inspect)
        }
        if let fault, let first = places.keys.min() { outcomes[first]?.problems.insert(fault, at: 0) }
        return outcomes
    }
}
