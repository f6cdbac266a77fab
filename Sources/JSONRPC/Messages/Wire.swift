// SPDX-License-Identifier: Apache-2.0

package import Faults
import JSON
package import NIOCore

/// Encodes JSON-RPC messages and defines their limits.
package enum Wire {
    /// The default maximum bytes of a request line.
    package static let defaultLineLimit = 4 * 1024 * 1024
    /// The default maximum bytes of a reply, including a batch's array, and of the unsent replies of a connection.
    ///
    /// It is larger than the limit of requests, since lists of jobs grow.
    package static let replyLimit = 64 * 1024 * 1024
    /// The maximum number of elements of a batch.
    package static let maximumBatch = 1000
    /// The maximum bytes of an id's JSON text.
    package static let maximumID = 4 * 1024

    /// The line of a request, newline included.
    ///
    /// - Parameters:
    ///   - params: the JSON text of an object or array.
    ///   - members: the JSON text of members to add to `params`, see `CallControls.members`.
    package static func request(
        id: RPCID, method: String, params: some Collection<UInt8>, adding members: String = ""
    ) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"method\":", method, params, members)
    }

    /// The line of a notification, newline included.
    ///
    /// - Parameters:
    ///   - params: the JSON text of an object or array.
    ///   - members: the JSON text of members to add to `params`.
    package static func notification(
        method: String, params: some Collection<UInt8>, adding members: String = ""
    ) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"method\":", method, params, members)
    }

    /// The reply with a result, without a newline.
    ///
    /// - Parameter value: the JSON text of the result.
    package static func result(id: RPCID, _ value: some Collection<UInt8>) -> ByteBuffer {
        let head = "{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"result\":"
        var buffer = ByteBuffer()
        // With room for the newline.
        buffer.reserveCapacity(head.utf8.count + value.count + 2)
        buffer.writeString(head)
        buffer.writeBytes(value)
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    /// The reply with an error, without a newline.
    package static func failure(id: RPCID, _ error: ServiceError) -> ByteBuffer {
        var buffer = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"error\":")
        if let body = try? JSONCoding.encode(error) {
            buffer.writeBytes(body)
        } else {
            buffer.writeString("{\"code\":-32603,\"message\":\"internal\"}")
        }
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    private static func message(
        _ head: String, _ method: String, _ params: some Collection<UInt8>, _ members: String
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(head.utf8.count + method.utf8.count + params.count + members.utf8.count + 32)
        buffer.writeString(head)
        buffer.writeString(JSONText.quote(method))
        buffer.writeString(",\"params\":")
        let start = buffer.writerIndex
        buffer.writeBytes(params)
        if !members.isEmpty, buffer.getInteger(at: buffer.writerIndex - 1) == UInt8(ascii: "}") {
            buffer.moveWriterIndex(to: buffer.writerIndex - 1)
            let isEmpty = !buffer.readableBytesView[(start + 1)...].contains { $0 > 0x20 }
            buffer.writeString(isEmpty ? members : "," + members)
            buffer.writeInteger(UInt8(ascii: "}"))
        }
        buffer.writeString("}\n")
        return buffer
    }
}
