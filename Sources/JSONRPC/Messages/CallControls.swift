// SPDX-License-Identifier: Apache-2.0

package import Calls
package import Faults
import JSON
package import NIOCore

/// The members that any request's `params` may contain in addition to its method's own: deadline, progress, job and trace.
package struct CallControls: Sendable, Equatable {
    /// The milliseconds that remain for the call; absent without a deadline.
    package var deadline: Int64?
    /// Whether the caller wants `rpc.progress` notifications.
    package var wantsProgress = true
    /// `_meta.job_id`, or else the method's own `job_id`.
    package var jobID: String?
    /// `_meta.traceparent`.
    package var trace: TraceContext?

    /// The controls of a call without any.
    package init() {}

    /// The maximum bytes of a job id that is propagated and logged.
    private static let maximumJobID = 128

    /// Reads `deadline_ms`, `progress`, `job_id` and `_meta` from `params`. Invalid members of `_meta` are ignored.
    ///
    /// - Throws: `invalid_params` if `deadline_ms` is not a number of milliseconds.
    package init(params: ByteBuffer?) throws(ServiceError) {
        guard let params else { return }
        var failure: ServiceError?
        var deadline: Int64?
        var wantsProgress = true
        var (hasDeadline, hasProgress) = (false, false)
        var jobID: RawMember?
        var meta: RawMember?
        params.withUnsafeReadableBytes { raw in
            let bytes = raw.assumingMemoryBound(to: UInt8.self)
            var scanner = JSONScanner(bytes)
            guard (try? scanner.peek()) == .object else { return }
            try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
                let kind = try scanner.peek()
                let range = try scanner.skipValue()
                // If a name is repeated, the first value is used, as everywhere.
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
                } else if scanner.name(name, is: "job_id"), jobID == nil {
                    jobID = RawMember(kind: kind, range: range)
                } else if scanner.name(name, is: "_meta"), meta == nil {
                    meta = RawMember(kind: kind, range: range)
                }
            }
            self.jobID = jobID.flatMap { Self.jobID($0, scanner) }
            if let meta, meta.kind == .object { read(meta: meta.range, bytes) }
        }
        if let failure { throw failure }
        self.deadline = deadline
        self.wantsProgress = wantsProgress
    }

    /// The kind and position of a member's value.
    private struct RawMember {
        var kind: JSONScanner.Kind
        var range: Range<Int>
    }

    private mutating func read(meta: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) {
        var scanner = JSONScanner(bytes, at: meta.lowerBound)
        var jobID: RawMember?
        var traceparent: RawMember?
        try? scanner.members { (name, scanner) throws(JSONScanner.SyntaxError) in
            let member = RawMember(kind: try scanner.peek(), range: try scanner.skipValue())
            if scanner.name(name, is: "traceparent") {
                traceparent = traceparent ?? member
            } else if scanner.name(name, is: "job_id") {
                jobID = jobID ?? member
            }
        }
        if let propagated = jobID.flatMap({ Self.jobID($0, scanner) }) { self.jobID = propagated }
        guard let traceparent, traceparent.kind == .string else { return }
        let text = traceparent.range.lowerBound + 1..<traceparent.range.upperBound - 1
        let isPlain = !bytes[text].contains(UInt8(ascii: "\\"))
        trace =
            isPlain
            ? TraceContext(traceparent: bytes[text])
            : scanner.string(text).flatMap { TraceContext(traceparent: Array($0.utf8)) }
    }

    private static func jobID(_ member: RawMember, _ scanner: JSONScanner) -> String? {
        guard member.kind == .string, (3...maximumJobID + 2).contains(member.range.count) else { return nil }
        return scanner.string(member.range.lowerBound + 1..<member.range.upperBound - 1)
    }

    /// The `id` in the parameters of `rpc.cancel` and `rpc.progress`.
    package static func id(in params: ByteBuffer?) -> RPCID? {
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

    /// A caller's controls as members of `params`, separated by commas; empty if there are none.
    ///
    /// - Parameters:
    ///   - deadline: in milliseconds.
    ///   - meta: the JSON text of `_meta`; `nil` for none.
    package static func members(deadline: Int64?, wantsProgress: Bool, meta: String? = nil) -> String {
        var members: [String] = []
        if let deadline { members.append("\"deadline_ms\":\(deadline)") }
        if !wantsProgress { members.append("\"progress\":false") }
        if let meta { members.append("\"_meta\":\(meta)") }
        return members.joined(separator: ",")
    }

    /// The JSON text of `_meta`.
    ///
    /// - Returns: `nil` if both values are absent.
    package static func meta(jobID: String?, traceparent: String?) -> String? {
        var members: [String] = []
        if let traceparent { members.append("\"traceparent\":\(JSONText.quote(traceparent))") }
        if let jobID { members.append("\"job_id\":\(JSONText.quote(jobID))") }
        return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
    }
}
