// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import FoundationEssentials
import JSON

/// Splits events that exceed CloudWatch's maximum size.
enum EventSplitter {
    /// Maximum size of a message in bytes.
    static let maximumBytes = LogsClient.batchBytes - LogsClient.eventOverhead

    private struct LargeEvent: Decodable {
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

    /// Splits an event into parts with the same time, stream and type and the data `{"part":1,"of":3,"job_id":...,"text":"..."}`. The
    /// concatenated texts of all parts are the original data.
    ///
    /// - Returns: the event itself if it fits.
    static func split(_ event: SpooledEvent, maximumBytes: Int = maximumBytes) -> [SpooledEvent] {
        if event.message.count <= maximumBytes { return [event] }
        // The layout of the message is that of `SpooledEvent`.
        guard let large = try? JSONDecoder().decode(LargeEvent.self, from: event.message) else { return [event] }
        let type = large.eventType
        let head = SpooledEvent(event.timestamp, type, data: Data()).message.count - 1
        let data = event.message[(event.message.startIndex + head)..<(event.message.endIndex - 1)]
        // An excessively long job identifier is omitted.
        var job = large.data?.jobID.map { "\"job_id\":\(JSONText.quote($0))," } ?? ""
        if job.utf8.count > maximumBytes / 4 { job = "" }
        func part(_ number: Int, of count: Int, _ text: Data) -> SpooledEvent {
            let body = Data("{\"part\":\(number),\"of\":\(count),\(job)\"text\":\"".utf8) + text + Data("\"}".utf8)
            return SpooledEvent(event.timestamp, type, data: body, stream: event.stream)
        }
        let overhead = part(1_000_000, of: 1_000_000, Data()).message.count
        let texts = pieces(of: data, maximumBytes: max(maximumBytes - overhead, 8))
        return texts.indices.map { part($0 + 1, of: texts.count, texts[$0]) }
    }

    /// Splits a text into pieces, escaped for JSON strings. Characters are not split.
    private static func pieces(of text: Data, maximumBytes: Int) -> [Data] {
        var pieces: [Data] = []
        var piece: [UInt8] = []
        piece.reserveCapacity(maximumBytes)
        // Start of the last character in the piece.
        var boundary = 0
        for byte in text {
            // 10xxxxxx is a continuation byte.
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
