import JSON
package import NIOCore
import Untrusted

/// One message of JSON-RPC 2.0, taken apart as far as the connection needs it; `params`, `result` and `error` stay text.
package enum Envelope: Sendable, Equatable {
    case request(id: RPCID, method: String, params: ByteBuffer?)
    case notification(method: String, params: ByteBuffer?)
    case result(id: RPCID, value: ByteBuffer)
    case failure(id: RPCID, error: ByteBuffer)
    /// JSON that is none of these; `id` is what could be read of it.
    case invalid(id: RPCID, reason: String)
}

/// What one line held.
package enum Message: Sendable, Equatable {
    case single(Envelope)
    /// At least one.
    case batch([Envelope])
    /// `[]`.
    case emptyBatch
    /// More than `Wire.maximumBatch` elements; what follows them was not read.
    case batchTooLong
    /// Not JSON or not UTF-8.
    case malformed(reason: String)
}

extension Message {
    /// Reads one line. Its texts become stream-safe, names included.
    package init(_ received: ByteBuffer) {
        let line =
            received.withUnsafeReadableBytes {
                StreamSafeText.convert($0.assumingMemoryBound(to: UInt8.self), readsEscapes: true)
            }.map { ByteBuffer(bytes: $0) } ?? received
        guard
            line.readableBytesView.allSatisfy({ $0 < 0x80 })
                || String(validating: line.readableBytesView, as: UTF8.self) != nil
        else {
            self = .malformed(reason: "the line is not UTF-8")
            return
        }
        var isTooLong = false
        do {
            self = try line.withUnsafeReadableBytes { raw in
                let bytes = raw.assumingMemoryBound(to: UInt8.self)
                // Some encoders begin a stream with a byte order mark.
                let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
                var scanner = JSONScanner(bytes, at: hasMark ? 3 : 0)
                let message: Message
                if try scanner.peek() == .array {
                    var envelopes: [Envelope] = []
                    try scanner.elements { (scanner) throws(JSONScanner.SyntaxError) in
                        guard envelopes.count < Wire.maximumBatch else {
                            isTooLong = true
                            throw JSONScanner.SyntaxError(offset: scanner.offset, expected: "the end of the batch")
                        }
                        envelopes.append(try Envelope.read(line, &scanner, depth: 1))
                    }
                    message = envelopes.isEmpty ? .emptyBatch : .batch(envelopes)
                } else {
                    message = .single(try Envelope.read(line, &scanner, depth: 0))
                }
                try scanner.finish()
                return message
            }
        } catch _ where isTooLong {
            self = .batchTooLong
        } catch let error as JSONScanner.SyntaxError {
            self = .malformed(reason: "not JSON at byte \(error.offset): expected \(error.expected)")
        } catch {
            self = .malformed(reason: "\(error)")
        }
    }
}

extension Envelope {
    private enum Part {
        case missing
        case value(JSONScanner.Kind, Range<Int>)

        /// Takes a member's value; of a name that appears twice the first value counts, as everywhere.
        mutating func take(_ kind: JSONScanner.Kind, _ range: Range<Int>) {
            if case .missing = self { self = .value(kind, range) }
        }
    }

    fileprivate static func read(
        _ line: ByteBuffer, _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanner.SyntaxError) -> Envelope {
        guard try scanner.peek() == .object else {
            try scanner.skipValue(depth: depth)
            return .invalid(id: .null, reason: "a request is an object")
        }
        var version = Part.missing
        var id = Part.missing
        var method = Part.missing
        var params = Part.missing
        var result = Part.missing
        var error = Part.missing
        try scanner.members(depth: depth) { (name, scanner) throws(JSONScanner.SyntaxError) in
            let kind = try scanner.peek()
            let range = try scanner.skipValue(depth: depth + 1)
            if scanner.name(name, is: "jsonrpc") {
                version.take(kind, range)
            } else if scanner.name(name, is: "id") {
                id.take(kind, range)
            } else if scanner.name(name, is: "method") {
                method.take(kind, range)
            } else if scanner.name(name, is: "params") {
                params.take(kind, range)
            } else if scanner.name(name, is: "result") {
                result.take(kind, range)
            } else if scanner.name(name, is: "error") {
                error.take(kind, range)
            }
        }

        var requestID: RPCID?
        switch id {
        case .missing: break
        case .value(.null, _): requestID = .null
        case .value(_, let range) where range.count > Wire.maximumID:
            return .invalid(id: .null, reason: "an id has at most \(Wire.maximumID) bytes")
        case .value(.number, let range):
            requestID = .number(line.getString(at: line.readerIndex + range.lowerBound, length: range.count) ?? "0")
        case .value(.string, let range):
            guard let text = scanner.string(range.lowerBound + 1..<range.upperBound - 1) else {
                return .invalid(id: .null, reason: "the id is not a valid string")
            }
            requestID = .string(text)
        case .value:
            return .invalid(id: .null, reason: "an id is a string, a number or null")
        }
        let replyID = requestID ?? .null

        guard case .value(.string, let versionRange) = version,
            scanner.string(versionRange.lowerBound + 1..<versionRange.upperBound - 1) == "2.0"
        else { return .invalid(id: replyID, reason: "\"jsonrpc\" must be \"2.0\"") }

        // Peers of JSON-RPC 1.0 send both members, one of them null.
        if case .value(let kind, let range) = error, kind != .null {
            return .failure(id: replyID, error: slice(line, range))
        }
        if case .value(_, let range) = result {
            return .result(id: replyID, value: slice(line, range))
        }
        if case .value = error {
            return .invalid(id: replyID, reason: "a reply has a result or an error, not null alone")
        }
        guard case .value(.string, let methodRange) = method,
            let methodName = scanner.string(methodRange.lowerBound + 1..<methodRange.upperBound - 1)
        else { return .invalid(id: replyID, reason: "\"method\" must be a string") }

        var parameters: ByteBuffer?
        switch params {
        case .missing: break
        case .value(.object, let range), .value(.array, let range): parameters = slice(line, range)
        case .value: return .invalid(id: replyID, reason: "\"params\" must be an object or an array")
        }
        if let requestID {
            return .request(id: requestID, method: methodName, params: parameters)
        }
        return .notification(method: methodName, params: parameters)
    }

    private static func slice(_ line: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        line.getSlice(at: line.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
