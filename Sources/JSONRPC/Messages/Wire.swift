package import Faults
import JSON
package import NIOCore

/// The lines that go over the wire.
package enum Wire {
    /// Bytes that a line may have if nothing else is configured.
    package static let defaultLineLimit = 4 * 1024 * 1024
    /// Bytes that a reply may have, a batch's array included, and that may wait on one connection. A reply may be larger than a
    /// request: lists of jobs grow.
    package static let replyLimit = 64 * 1024 * 1024
    /// Elements that a batch may have.
    package static let maximumBatch = 1000
    /// Bytes that the text of an id may have.
    package static let maximumID = 4 * 1024

    package static func request(id: RPCID, method: String, params: [UInt8]?) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"method\":\(JSONText.quote(method))", params: params)
    }

    package static func notification(method: String, params: [UInt8]?) -> ByteBuffer {
        message("{\"jsonrpc\":\"2.0\",\"method\":\(JSONText.quote(method))", params: params)
    }

    /// A reply, without its newline.
    package static func result(id: RPCID, _ value: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\(id.json),\"result\":")
        buffer.writeBytes(value)
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    /// An error reply, without its newline.
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
