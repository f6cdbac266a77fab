import Contracts
import FoundationEssentials
import JSON

/// Events that are larger than CloudWatch takes them, as several.
enum EventParts {
    /// Bytes that a message may have.
    static let maximumBytes = 1_048_576 - 26

    private struct Large: Decodable {
        struct Job: Decodable {
            var jobID: String?

            private enum CodingKeys: String, CodingKey {
                case jobID = "job_id"
            }
        }

        var eventType: String
        var data: Job?

        private enum CodingKeys: String, CodingKey {
            case data
            case eventType = "event_type"
        }
    }

    /// The event itself where it fits; else events of the same time, stream and type whose data is
    /// `{"part":1,"of":3,"job_id":...,"text":"..."}`: the texts of all parts, joined, are the data.
    static func of(_ event: KeptEvent, maximumBytes: Int = maximumBytes) -> [KeptEvent] {
        if event.message.count <= maximumBytes { return [event] }
        // As `KeptEvent` writes it.
        guard let large = try? JSONDecoder().decode(Large.self, from: event.message) else { return [event] }
        let type = large.eventType
        let head = KeptEvent(event.timestamp, type, data: Data()).message.count - 1
        let data = event.message[(event.message.startIndex + head)..<(event.message.endIndex - 1)]
        // A job's name that leaves no room for its event is left out.
        var job = large.data?.jobID.map { "\"job_id\":\(JSONText.quote($0))," } ?? ""
        if job.utf8.count > maximumBytes / 4 { job = "" }
        func part(_ number: Int, of count: Int, _ text: Data) -> KeptEvent {
            let body = Data("{\"part\":\(number),\"of\":\(count),\(job)\"text\":\"".utf8) + text + Data("\"}".utf8)
            return KeptEvent(event.timestamp, type, data: body, stream: event.stream)
        }
        let frame = part(1_000_000, of: 1_000_000, Data()).message.count
        let texts = pieces(of: data, maximumBytes: max(maximumBytes - frame, 8))
        return texts.indices.map { part($0 + 1, of: texts.count, texts[$0]) }
    }

    /// The text in pieces that are escaped for the inside of a JSON string; no character is cut.
    private static func pieces(of text: Data, maximumBytes: Int) -> [Data] {
        var pieces: [Data] = []
        var piece: [UInt8] = []
        piece.reserveCapacity(maximumBytes)
        // Where the last character of the piece begins.
        var boundary = 0
        for byte in text {
            // 10xxxxxx goes on with the character before.
            if byte & 0xC0 != 0x80 { boundary = piece.count }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                piece.append(UInt8(ascii: "\\"))
                piece.append(byte)
            case UInt8(ascii: "\t"): piece += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case UInt8(ascii: "\r"): piece += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            default: piece.append(byte)
            }
            if piece.count > maximumBytes {
                pieces.append(Data(piece[..<boundary]))
                piece.removeSubrange(..<boundary)
                boundary = 0
            }
        }
        pieces.append(Data(piece))
        return pieces
    }
}
