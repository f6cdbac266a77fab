// SPDX-License-Identifier: Apache-2.0

import JSON
package import NIOCore

/// One JSON-RPC 2.0 message; `params`, `result` and `error` are not parsed.
package enum Envelope: Sendable, Equatable {
    case request(id: RPCID, method: String, params: ByteBuffer?)
    case notification(method: String, params: ByteBuffer?)
    case result(id: RPCID, value: ByteBuffer)
    case failure(id: RPCID, error: ByteBuffer)
    /// JSON that is none of these; `id` is `.null` if it could not be read.
    case invalid(id: RPCID, reason: String)
}

extension Envelope {
    /// The position of a member's value in the line.
    private enum Member {
        case missing
        case value(JSONScanner.Kind, Range<Int>)

        /// Stores a member's value. If a name is repeated, the first value is used, as everywhere.
        mutating func store(_ kind: JSONScanner.Kind, _ range: Range<Int>) {
            if case .missing = self { self = .value(kind, range) }
        }
    }

    /// Reads one message from a scanner over the bytes of `line`.
    ///
    /// - Throws: `SyntaxError` if the text is not JSON.
    static func read(
        _ line: ByteBuffer, _ scanner: inout JSONScanner, depth: Int
    ) throws(JSONScanner.SyntaxError) -> Envelope {
        guard try scanner.peek() == .object else {
            try scanner.skipValue(depth: depth)
            return .invalid(id: .null, reason: "a request is an object")
        }
        var version = Member.missing
        var id = Member.missing
        var method = Member.missing
        var params = Member.missing
        var result = Member.missing
        var error = Member.missing
        try scanner.members(depth: depth) { (name, scanner) throws(JSONScanner.SyntaxError) in
            let kind = try scanner.peek()
            let range = try scanner.skipValue(depth: depth + 1)
            if scanner.name(name, is: "jsonrpc") {
                version.store(kind, range)
            } else if scanner.name(name, is: "id") {
                id.store(kind, range)
            } else if scanner.name(name, is: "method") {
                method.store(kind, range)
            } else if scanner.name(name, is: "params") {
                params.store(kind, range)
            } else if scanner.name(name, is: "result") {
                result.store(kind, range)
            } else if scanner.name(name, is: "error") {
                error.store(kind, range)
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

        // JSON-RPC 1.0 peers send both members, one of them null.
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
