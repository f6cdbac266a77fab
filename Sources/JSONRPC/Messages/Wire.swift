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
    /// - Parameter params: the JSON text of an object or array.
    package static func request(id: RPCID, method: String, params: [UInt8]?) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"method\":\(JSONText.quote(method))", params: params)
    }

    /// The line of a notification, newline included.
    ///
    /// - Parameter params: the JSON text of an object or array.
    package static func notification(method: String, params: [UInt8]?) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"method\":\(JSONText.quote(method))", params: params)
    }

    /// The reply with a result, without a newline.
    ///
    /// - Parameter value: the JSON text of the result.
    package static func result(id: RPCID, _ value: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"result\":")
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

    private static func message(_ head: String, params: [UInt8]?) -> ByteBuffer {
        var buffer = ByteBuffer(string: head)
        if let params {
            buffer.writeString(",\"params\":")
            buffer.writeBytes(params)
        }
        buffer.writeString("}\n")
        return buffer
    }
}
