package import Faults
import JSON
package import NIOCore

/// What any request may carry beside its method's own parameters: how long it may take, and whether progress is wanted.
package struct CallControls: Sendable, Equatable {
    /// Milliseconds that remain for the call.
    package var deadline: Int64?
    /// Whether `rpc.progress` notifications are wanted.
    package var wantsProgress = true

    /// Reads `deadline_ms` and `progress` out of `params`.
    ///
    /// - Throws: `invalid_params` for a deadline that is not a number of milliseconds, or a progress that is not a boolean.
    package init(params: ByteBuffer?) throws(ServiceError) {
        guard let params else { return }
        var failure: ServiceError?
        var deadline: Int64?
        var wantsProgress = true
        var (hasDeadline, hasProgress) = (false, false)
        params.withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            guard (try? scanner.peek()) == .object else { return }
            try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
                let kind = try scanner.peek()
                let range = try scanner.skipValue()
                // Of a name that appears twice the first value counts, as everywhere.
                if scanner.name(name, is: "deadline_ms"), !hasDeadline {
                    hasDeadline = true
                    let text = String(decoding: bytes[range], as: UTF8.self)
                    if let milliseconds = Double(text), kind == .number, milliseconds >= 0 {
                        deadline = Int64(min(milliseconds, 1e12))
                    } else if kind != .null {
                        failure = .invalidParams(at: "/deadline_ms", expected: "a number of milliseconds, 0 or more")
                    }
                } else if scanner.name(name, is: "progress"), !hasProgress, kind == .bool {
                    hasProgress = true
                    wantsProgress = bytes[range.lowerBound] == UInt8(ascii: "t")
                }
            }
        }
        if let failure { throw failure }
        self.deadline = deadline
        self.wantsProgress = wantsProgress
    }

    /// The id that the parameters of `rpc.cancel` name.
    package static func cancelledID(params: ByteBuffer?) -> RPCID? {
        guard let params else { return nil }
        return params.withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            guard (try? scanner.peek()) == .object else { return nil }
            var id: RPCID?
            try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
                let kind = try scanner.peek()
                let range = try scanner.skipValue()
                guard id == nil, scanner.name(name, is: "id") else { return }
                switch kind {
                case .number: id = .number(String(decoding: bytes[range], as: UTF8.self))
                case .string: id = scanner.string(range.lowerBound + 1..<range.upperBound - 1).map(RPCID.string)
                case .null: id = .null
                default: break
                }
            }
            return id
        }
    }

    /// `params` with the controls that a caller passes on written into them.
    package static func splice(deadline: Int64?, wantsProgress: Bool, into params: [UInt8]) -> [UInt8] {
        guard params.last == UInt8(ascii: "}"), deadline != nil || !wantsProgress else { return params }
        var members: [String] = []
        if let deadline { members.append("\"deadline_ms\":\(deadline)") }
        if !wantsProgress { members.append("\"progress\":false") }
        let isEmpty = !params.dropFirst().dropLast().contains { $0 > 0x20 }
        return params.dropLast() + Array(((isEmpty ? "" : ",") + members.joined(separator: ",") + "}").utf8)
    }
}
