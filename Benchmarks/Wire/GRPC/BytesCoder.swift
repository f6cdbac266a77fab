// SPDX-License-Identifier: Apache-2.0

import GRPCCore

/// Messages of plain bytes: the payload of a message is its bytes, without protobuf.
struct BytesCoder: MessageSerializer, MessageDeserializer {
    /// Copies the bytes into the transport's buffer.
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }

    /// Copies the bytes out of the transport's buffer.
    func deserialize<Bytes: GRPCContiguousBytes>(_ serializedMessageBytes: Bytes) throws -> [UInt8] {
        serializedMessageBytes.withUnsafeBytes { [UInt8]($0) }
    }
}
