import FoundationEssentials
import JSON
import Untrusted

/// What the body of a refusal says, in the shapes of the servers in use: `{"error": {...}}`, `{"error": "text"}`, `{"detail": ...}`,
/// `{"errors": [...]}`, `{"success": false, "message": ...}`, with codes as words, as numbers or as texts of digits, and with the
/// cause in `inner_error` (Azure) or in `provider_specific_fields` (LiteLLM).
struct RefusalBody {
    /// Bytes of a body that is read: more than any refusal has.
    private static let maximumBytes = 1 << 20

    /// The provider's words.
    private(set) var message: String?
    /// Words for the cause, the most exact first.
    private(set) var codes: [String] = []
    /// The status of HTTP that the body itself names, 400 to 599.
    private(set) var number: Int?
    /// Categories of a content filter that the request, or its picture, fell into.
    private(set) var filters: [String] = []

    /// - Parameter isSuccess: whether the answer's status is a success, whose body is a refusal only if it says so.
    /// - Returns: `nil` for a body that is no refusal.
    init?(_ body: Data, isSuccess: Bool) {
        guard body.count <= Self.maximumBytes, let root = Self.json(body) else { return nil }
        let whole = root.array?.first ?? root
        guard let node = Self.error(in: whole, isSuccess: isSuccess) else { return nil }
        read(node, depth: 0)
        if whole.object != nil, node != whole { numbers(whole) }
        if message == nil { message = Self.text(whole["message"]) }
    }

    private static func json(_ body: Data) -> JSONValue? {
        let mark = [UInt8]([0xEF, 0xBB, 0xBF])
        let text = body.starts(with: mark) ? Data(body.dropFirst(mark.count)) : body
        return try? JSONCoding.decode(JSONValue.self, from: text)
    }

    /// The member that is the error, or the whole object where it is one.
    private static func error(in whole: JSONValue, isSuccess: Bool) -> JSONValue? {
        for name in ["error", "errors", "detail"] {
            guard let value = whole[name] else { continue }
            switch value {
            case .null, .bool(false), .array([]), .string(""), .object([:]): continue
            // {"error": true, "message": ...}
            case .bool: return whole
            default: return value
            }
        }
        guard whole.object != nil else { return Optional.none }
        let isFailure =
            whole["success"] == .bool(false) || Self.number(in: whole) != nil
            || ["status", "task_status", "state"].contains { OrderWord(whole[$0]?.string ?? "") == .failed }
        let hasWords = ["message", "Message", "msg", "errmsg"].contains { whole[$0]?.string != nil }
        guard isFailure || !isSuccess && hasWords else { return Optional.none }
        return whole
    }

    /// The words, and the code beside them, of an answer that does not mark itself as a refusal; `nil` if it has none, or reports a
    /// success.
    static func words(_ body: Data) -> (words: String, code: String?)? {
        guard body.count <= maximumBytes, let root = json(body) else { return nil }
        let whole = root.array?.first ?? root
        let nodes = [whole] + ["base_resp", "baseResp", "header", "meta"].compactMap { whole[$0] }
        for node in nodes.reversed() {
            let words = ["message", "Message", "msg", "errmsg", "error_msg", "status_msg", "statusMessage", "reason"]
                .lazy
                .compactMap { node[$0]?.string }.first { !$0.isEmpty }
            guard let words, OrderWord(words) != .succeeded, words.lowercased() != "ok" else { continue }
            let code = ["code", "status_code", "errcode", "error_code", "ret"].lazy.compactMap { node[$0] }.first
            return (words, code?.string ?? code?.double.map { "\(Int(clamping: $0))" })
        }
        return nil
    }

    private mutating func read(_ node: JSONValue, depth: Int) {
        guard depth < 4 else { return }
        switch node {
        case .string(let text):
            // Proxies pass on the JSON of the server behind them as a text.
            if text.first == "{", let inner = Self.json(Data(text.utf8)),
                let error = Self.error(in: inner, isSuccess: false)
            {
                read(error, depth: depth + 1)
            } else {
                message = message ?? text
            }
        case .array(let list):
            if let first = list.first, first.object?["code"] != nil { read(first, depth: depth + 1) }
            let words = list.compactMap { Self.text($0["msg"]) ?? Self.text($0["message"]) ?? $0.string }
            if !words.isEmpty { message = words.joined(separator: "; ") }
        case .object(let members):
            for name in ["inner_error", "innererror", "innerError", "provider_specific_fields"] {
                if let inner = members[name], inner.object != nil { causes(inner, depth: depth + 1) }
            }
            for name in ["code", "type", "status", "reason"] {
                if let code = members[name]?.string, !code.isEmpty { codes.append(code) }
            }
            if let code = members["code"]?.double { codes.append("\(Int(clamping: code))") }
            numbers(node)
            filtered(node)
            for name in ["message", "Message", "msg", "errmsg", "error", "detail", "description", "error_message"] {
                if let words = members[name], message == nil { read(words, depth: depth + 1) }
            }
        default: break
        }
    }

    /// The cause within an error: its code comes before that of the error, its words do not.
    private mutating func causes(_ inner: JSONValue, depth: Int) {
        guard depth < 4 else { return }
        if let code = inner["code"]?.string, !code.isEmpty { codes.append(code) }
        filtered(inner)
        for name in ["inner_error", "innererror", "innerError"] {
            if let more = inner[name], more.object != nil { causes(more, depth: depth + 1) }
        }
    }

    private mutating func numbers(_ node: JSONValue) { number = number ?? Self.number(in: node) }

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

    /// {"content_filter_results": {"violence": {"filtered": true, "severity": "high"}}}
    private mutating func filtered(_ node: JSONValue) {
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
