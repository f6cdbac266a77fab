// SPDX-License-Identifier: Apache-2.0

import Untrusted

extension JSONScanner {
    /// Gives the bytes of a text in UTF-8, without a byte order mark, to `body`.
    ///
    /// - Throws: `DecodingError.dataCorrupted` if the text is not UTF-8, or for a `SyntaxError` of `body`.
    static func reading<Result>(
        _ text: UnsafeRawBufferPointer,
        _ body: (UnsafeBufferPointer<UInt8>) throws(JSONScanner.SyntaxError) -> Result
    ) throws -> Result {
        var bytes = text.bindMemory(to: UInt8.self)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(3)) }
        return try reported { () throws(JSONScanner.SyntaxError) in
            guard UnsafeRawBufferPointer(bytes).isASCII || String(validating: bytes, as: UTF8.self) != nil else {
                throw JSONScanner.SyntaxError(offset: 0, expected: "UTF-8")
            }
            return try body(bytes)
        }
    }

    /// Runs `body`.
    ///
    /// - Throws: `DecodingError.dataCorrupted` for a `SyntaxError` of `body`.
    static func reported<Result>(_ body: () throws(JSONScanner.SyntaxError) -> Result) throws -> Result {
        do throws(JSONScanner.SyntaxError) {
            return try body()
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: "not JSON at byte \(error.offset): expected \(error.expected)"))
        }
    }
}
