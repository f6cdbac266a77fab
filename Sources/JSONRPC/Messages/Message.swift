// SPDX-License-Identifier: Apache-2.0

import JSON
package import NIOCore
import Untrusted

/// The content of one line.
package enum Message: Sendable, Equatable {
    case single(Envelope)
    /// A batch with at least one element.
    case batch([Envelope])
    /// `[]`, which is not a valid batch.
    case emptyBatch
    /// A batch with more than `Wire.maximumBatch` elements.
    case batchTooLong
    /// The line is not JSON or not UTF-8.
    case malformed(reason: String)
}

extension Message {
    /// Parses one line. All text, names included, is made stream-safe first.
    package init(_ received: ByteBuffer) {
        let line =
            received.withUnsafeReadableBytes {
                StreamSafeText.convert($0.assumingMemoryBound(to: UInt8.self), readsEscapes: true)
            }.map { ByteBuffer(bytes: $0) } ?? received
        guard
            line.withUnsafeReadableBytes(\.isASCII)
                || String(validating: line.readableBytesView, as: UTF8.self) != nil
        else {
            self = .malformed(reason: "the line is not UTF-8")
            return
        }
        var isTooLong = false
        do {
            self = try line.withUnsafeReadableBytes { raw in
                let bytes = raw.assumingMemoryBound(to: UInt8.self)
                // Some encoders start a stream with a byte order mark.
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
