// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Untrusted

/// The error in a response body, in the shapes that providers and proxies use: `{"error": {...}}`, `{"error": "text"}`,
/// `{"detail": ...}`, `{"errors": [...]}`, `{"success": false, "message": ...}`.
///
/// Codes may be words, numbers or strings of digits; the cause may be nested in `inner_error` (Azure) or `provider_specific_fields`
/// (LiteLLM).
struct ErrorBody {
    /// The maximum size of a body that is parsed, in bytes.
    private static let maximumBytes = 1 << 20

    /// The provider's message.
    private(set) var message: String?
    /// Error codes, the most specific first.
    private(set) var codes: [String] = []
    /// The HTTP status that the body itself names, 400 to 599.
    private(set) var number: Int?
    /// Content filter categories that matched the request or its image, with the severity if reported.
    private(set) var filters: [String] = []

    /// Parses an error response, or an error inside a successful response.
    ///
    /// - Parameters:
    ///   - body: The response body.
    ///   - isSuccess: Whether the HTTP status is 2xx. The body is then an error only if it is marked as one.
    /// - Returns: `nil` if the body does not contain an error.
    init?(_ body: Data, isSuccess: Bool) {
        guard body.count <= Self.maximumBytes, let root = Self.json(body) else { return nil }
        let top = root.array?.first ?? root
        guard let node = Self.error(in: top, isSuccess: isSuccess) else { return nil }
        read(node, depth: 0)
        if top.object != nil, node != top { readNumber(top) }
        if message == nil { message = Self.text(top["message"]) }
    }

    private static func json(_ body: Data) -> JSONValue? {
        let byteOrderMark = [UInt8]([0xEF, 0xBB, 0xBF])
        let text = body.starts(with: byteOrderMark) ? Data(body.dropFirst(byteOrderMark.count)) : body
        return try? JSONCoding.decode(JSONValue.self, from: text)
    }

    /// The member that contains the error, or the whole object if it is one itself.
    private static func error(in top: JSONValue, isSuccess: Bool) -> JSONValue? {
        for name in ["error", "errors", "detail"] {
            guard let value = top[name] else { continue }
            switch value {
            case .null, .bool(false), .array([]), .string(""), .object([:]): continue
            // {"error": true, "message": ...}
            case .bool: return top
            default: return value
            }
        }
        guard top.object != nil else { return Optional.none }
        let isFailure =
            top["success"] == .bool(false) || Self.number(in: top) != nil
            || ["status", "task_status", "state"].contains { OrderStatusWord(top[$0]?.string ?? "") == .failed }
        let hasMessage = ["message", "Message", "msg", "errmsg"].contains { top[$0]?.string != nil }
        guard isFailure || !isSuccess && hasMessage else { return Optional.none }
        return top
    }

    /// Returns the message and code of a response that is not marked as an error.
    ///
    /// - Returns: `nil` if the body contains no message, or reports success.
    static func unmarkedMessage(_ body: Data) -> (message: String, code: String?)? {
        guard body.count <= maximumBytes, let root = json(body) else { return nil }
        let top = root.array?.first ?? root
        let nodes = [top] + ["base_resp", "baseResp", "header", "meta"].compactMap { top[$0] }
        for node in nodes.reversed() {
            let message = ["message", "Message", "msg", "errmsg", "error_msg", "status_msg", "statusMessage", "reason"]
                .lazy
                .compactMap { node[$0]?.string }.first { !$0.isEmpty }
            guard let message, OrderStatusWord(message) != .succeeded, message.lowercased() != "ok" else { continue }
            let code = ["code", "status_code", "errcode", "error_code", "ret"].lazy.compactMap { node[$0] }.first
            return (message, code?.string ?? code?.double.map { "\(Int(clamping: $0))" })
        }
        return nil
    }

    private mutating func read(_ node: JSONValue, depth: Int) {
        guard depth < 4 else { return }
        switch node {
        case .string(let text):
            // Proxies pass on the upstream server's JSON as a string.
            if text.first == "{", let inner = Self.json(Data(text.utf8)),
                let error = Self.error(in: inner, isSuccess: false)
            {
                read(error, depth: depth + 1)
            } else {
                message = message ?? text
            }
        case .array(let list):
            if let first = list.first, first.object?["code"] != nil { read(first, depth: depth + 1) }
            let messages = list.compactMap { Self.text($0["msg"]) ?? Self.text($0["message"]) ?? $0.string }
            if !messages.isEmpty { message = messages.joined(separator: "; ") }
        case .object(let members):
            for name in ["inner_error", "innererror", "innerError", "provider_specific_fields"] {
                if let inner = members[name], inner.object != nil { readCauses(inner, depth: depth + 1) }
            }
            for name in ["code", "type", "status", "reason"] {
                if let code = members[name]?.string, !code.isEmpty { codes.append(code) }
            }
            if let code = members["code"]?.double { codes.append("\(Int(clamping: code))") }
            readNumber(node)
            readFilters(node)
            for name in ["message", "Message", "msg", "errmsg", "error", "detail", "description", "error_message"] {
                if let value = members[name], message == nil { read(value, depth: depth + 1) }
            }
        default: break
        }
    }

    /// Reads a nested cause. Its code takes precedence over the code of the error; its message is ignored.
    private mutating func readCauses(_ inner: JSONValue, depth: Int) {
        guard depth < 4 else { return }
        if let code = inner["code"]?.string, !code.isEmpty { codes.append(code) }
        readFilters(inner)
        for name in ["inner_error", "innererror", "innerError"] {
            if let more = inner[name], more.object != nil { readCauses(more, depth: depth + 1) }
        }
    }

    private mutating func readNumber(_ node: JSONValue) { number = number ?? Self.number(in: node) }

    private static func number(in node: JSONValue) -> Int? {
        for name in [
            "code", "status", "status_code", "statusCode", "http_code", "errcode", "err_code", "error_code",
            "errorCode",
        ] {
            guard let value = node[name] else { continue }
            let number = value.double.map { Int(clamping: $0) } ?? value.string.flatMap { Int($0) }
            if let number, (400...599).contains(number) { return number }
        }
        return nil
    }

    /// Reads `{"content_filter_results": {"violence": {"filtered": true, "severity": "high"}}}`.
    private mutating func readFilters(_ node: JSONValue) {
        for name in ["content_filter_results", "content_filter_result"] {
            for (category, verdict) in (node[name]?.object ?? [:]).sorted(by: { $0.key < $1.key })
            where verdict["filtered"] == .bool(true) && filters.count < 16 {
                let severity = verdict["severity"]?.string.map { " (\($0.bounded(to: 20)))" } ?? ""
                filters.append("\(category.bounded(to: 40))\(severity)")
            }
        }
    }

    private static func text(_ value: JSONValue?) -> String? { value?.string }
}
