// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Reads a file once and decodes several of its streams meanwhile.
struct MediaPass: ~Copyable {
    /// Maximum numbers of audio and video streams that are decoded of one file.
    static let maximumSounds = 16
    static let maximumPictures = 4

    private let file: InputFile
    private var streams: [StreamDecoder]
    /// The position in `streams` of each stream of the file.
    private let positions: [Int: Int]

    /// - Parameters:
    ///   - path: Path of the file.
    ///   - indices: The streams to decode.
    ///   - thumbnailStream: The stream whose thumbnails are recorded.
    ///   - cancelled: Polled while the file is opened.
    init(
        _ path: String, streams indices: [Int], thumbnailStream: Int? = nil, cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let file = try InputFile(path, cancelled: cancelled)
        let budget = try PictureBudget()
        var streams: [StreamDecoder] = []
        for index in indices {
            guard index < file.streamCount else {
                throw MediaError(.corruptMedia, "\(fileName(path)) changed while it was read")
            }
            streams.append(
                try StreamDecoder(
                    file, stream: index, recordsThumbnails: index == thumbnailStream,
                    threads: indices.count == 1 ? 2 : 1, budget: budget,
                    cancelled: cancelled))
        }
        positions = Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) })
        self.streams = streams
        self.file = file
    }

    /// Decodes to the file's end.
    ///
    /// - Parameter onThumbnail: Called with each thumbnail of the recorded stream.
    /// - Returns: The outcome of each stream.
    mutating func run(
        _ cancelled: () -> Bool, _ progress: (Double) -> Void, _ onThumbnail: (LumaThumbnail) -> Void
    ) throws(MediaError) -> [Int: StreamDecoder.Outcome] {
        let packet = try Packet()
        var fault: String?
        do throws(MediaError) {
            while try file.read(packet) {
                if cancelled() { throw MediaError(.cancelled, "cancelled") }
                guard let position = positions[Int(packet.pointer.pointee.stream_index)] else { continue }
                try streams[position].take(packet, of: file, cancelled, progress, onThumbnail)
            }
        } catch  where error.kind == .corruptMedia {
            fault = error.message
        }
        var outcomes: [Int: StreamDecoder.Outcome] = [:]
        for (index, position) in positions {
            outcomes[index] = try streams[position].finish(cancelled, onThumbnail)
        }
        if let fault, let first = positions.keys.min() { outcomes[first]?.problems.insert(fault, at: 0) }
        return outcomes
    }
}
