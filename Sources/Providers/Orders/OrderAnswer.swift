package import FoundationEssentials
package import JSON
import Untrusted

/// An answer about an order, read as servers that claim the same API write it: ids as numbers or under another name, the order
/// itself inside an envelope, progress as a number or a text.
package struct OrderAnswer: Sendable {
    private static let envelopes = [
        "data", "task", "video", "job", "generation", "prediction", "result", "response", "output", "order",
    ]
    private static let states = [
        "status", "state", "task_status", "taskStatus", "video_status", "job_status", "generation_status", "phase",
    ]
    private static let ids = [
        "id", "task_id", "taskId", "video_id", "videoId", "generation_id", "generationId", "job_id", "jobId",
        "prediction_id", "uuid",
    ]

    /// The objects of the answer, the outermost first.
    private let layers: [JSONValue]
    /// The one that reports the state.
    private let stateLayer: Int?

    /// - Returns: `nil` for what is no JSON object.
    package init?(_ body: Data) {
        guard let value = try? JSONCoding.decode(JSONValue.self, from: body) else { return nil }
        self.init(value)
    }

    package init?(_ value: JSONValue) {
        // Some answer with a list of one.
        let top = value.array?.first ?? value
        guard top.object != nil else { return nil }
        var layers = [top]
        for layer in Self.inner(top) { layers += [layer] + Self.inner(layer) }
        self.layers = layers
        // An envelope's own `success` reports of the question, not of the order.
        stateLayer = layers.lastIndex { Self.state(of: $0) != nil }
    }

    private static func inner(_ value: JSONValue) -> [JSONValue] {
        envelopes.compactMap { name in
            guard let member = value[name] else { return nil }
            return member.object != nil ? member : member.array?.first.flatMap { $0.object != nil ? $0 : nil }
        }
    }

    // MARK: -

    package var id: OrderID? {
        let order = [stateLayer].compactMap { $0 } + Array(layers.indices)
        for index in order {
            // Beside a task's id, another one may be the log's.
            let isVideo = layers[index]["object"]?.string?.hasPrefix("video") == true
            let names = isVideo ? Self.ids : Array(Self.ids.dropFirst()) + ["id"]
            for name in names {
                if let id = OrderID(layers[index][name]) { return id }
            }
        }
        return layers.lazy.compactMap { OrderID($0["request_id"]) }.first
    }

    /// The id under a name that only an order has, e.g. `task_id`.
    package var orderID: OrderID? {
        for index in [stateLayer].compactMap({ $0 }) + Array(layers.indices) {
            for name in Self.ids.dropFirst() {
                if let id = OrderID(layers[index][name]) { return id }
            }
        }
        return nil
    }

    /// The provider's word; `nil` if there is none.
    package var word: String? {
        stateLayer.flatMap { Self.state(of: layers[$0]) }.map { $0.bounded(to: TextBound.quotation) }
    }

    private static func state(of layer: JSONValue) -> String? {
        for name in states {
            if let word = layer[name]?.string { return word }
        }
        if case .bool(true)? = layer["done"] { return "done" }
        return nil
    }

    /// 0 to 1: `42`, `0.42`, `"42%"`, `"0.42"`.
    package var fraction: Double? {
        for layer in layers {
            for name in ["progress", "progress_percentage", "progressPercent", "percentage", "percent"] {
                if let fraction = Self.fraction(layer[name]) { return fraction }
            }
        }
        return nil
    }

    static func fraction(_ value: JSONValue?) -> Double? {
        let range = 0.0...1.0
        switch value {
        case .integer(let percents): return (Double(percents) / 100).clamped(to: range)
        case .number(let number): return (number <= 1 ? number : number / 100).clamped(to: range)
        case .string(let text):
            let digits = text.filter { !$0.isWhitespace && $0 != "%" }
            guard let number = Double(digits), number.isFinite else { return nil }
            let isShare = number <= 1 && digits.contains(".") && !text.contains("%")
            return (isShare ? number : number / 100).clamped(to: range)
        default: return nil
        }
    }

    /// What the provider says of a failure, with its code.
    package var failure: (words: String?, code: String?) {
        for layer in layers.reversed() {
            guard let error = layer["error"] ?? layer["failure"] ?? layer["errors"]?.array?.first, error != .null else {
                continue
            }
            if let text = error.string, !text.isEmpty {
                return (text, Self.code(of: layer, names: ["code", "error_code"]))
            }
            let words = Self.text(of: error, names: ["message", "msg", "detail", "reason", "description"])
            let code = Self.code(of: error, names: ["code", "type", "name"])
            if words != nil || code != nil { return (words, code) }
        }
        let names = [
            "fail_reason", "failure_reason", "failReason", "failureReason", "error_message", "errorMessage",
            "task_status_msg",
            "status_msg", "status_message", "fail_msg", "reason", "message", "detail",
        ]
        for layer in layers.reversed() {
            if let words = Self.text(of: layer, names: names) {
                return (words, Self.code(of: layer, names: ["error_code", "failure_code", "code"]))
            }
        }
        return (nil, nil)
    }

    private static func text(of value: JSONValue, names: [String]) -> String? {
        names.lazy.compactMap { value[$0]?.string }.first { !$0.isEmpty }?.bounded(to: 1000)
    }

    private static func code(of value: JSONValue, names: [String]) -> String? {
        for name in names {
            if let text = value[name]?.string, !text.isEmpty { return text.bounded(to: TextBound.quotation) }
            if case .integer(let number)? = value[name], number != 0 { return String(number) }
        }
        return nil
    }

    /// Whether there is an error where the answer has no word for the state. Zero and empty ones are none.
    package var hasError: Bool {
        layers.contains { layer in
            guard let error = layer["error"], error != .null else { return false }
            if let text = error.string { return !text.isEmpty }
            return error["message"]?.string?.isEmpty == false || Self.code(of: error, names: ["code"]) != nil
        }
    }

    /// A member of the order's own object, or of one around it.
    package subscript(name: String) -> JSONValue? {
        for index in [stateLayer].compactMap({ $0 }) + Array(layers.indices) {
            if let value = layers[index][name], value != .null { return value }
        }
        return nil
    }

    /// The whole answer.
    package var value: JSONValue { layers[0] }

    // MARK: -

    /// Seconds since 1970 of a time in an answer: a number of seconds or milliseconds, or RFC 3339.
    package static func seconds(_ value: JSONValue?) -> Double? {
        if let number = value?.double, number > 0 { return number > 1e11 ? number / 1000 : number }
        guard let text = value?.string else { return nil }
        if let number = Double(text), number > 0 { return number > 1e11 ? number / 1000 : number }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        // Fractions have any number of digits.
        let whole = text.prefix { $0 != "." }
        let zone = text.dropFirst(whole.count).drop { $0 == "." || ($0.isASCII && $0.isNumber) }
        let date = try? style.parse(zone.isEmpty ? text : "\(whole)\(zone)")
        return date?.timeIntervalSince1970
    }

    /// Bytes from which on a prompt without a mark may have been cut.
    private static let shortestCut = 64

    /// Whether a prompt in a list may be the one that was sent: lists cut long ones.
    package static func mayBe(_ shown: String, _ sent: String?) -> Bool {
        guard let sent, shown != sent, !shown.isEmpty else { return true }
        let isMarked = shown.hasSuffix("...") || shown.hasSuffix("\u{2026}")
        guard isMarked || shown.utf8.count >= shortestCut else { return false }
        var head = shown[...]
        while isMarked, let last = head.last, last == "." || last == "\u{2026}" || last.isWhitespace {
            head = head.dropLast()
        }
        return sent.hasPrefix(head)
    }

    /// Whether what was sent is in what a list shows: members that the provider added do not count, nor how it writes numbers.
    package static func contains(_ shown: JSONValue, _ sent: JSONValue) -> Bool {
        switch (shown, sent) {
        case (.object(let shown), .object(let sent)):
            sent.allSatisfy { name, value in shown[name].map { contains($0, value) } ?? (value == .null) }
        case (.array(let shown), .array(let sent)):
            shown.count == sent.count && zip(shown, sent).allSatisfy { contains($0, $1) }
        default: shown == sent || (shown.double != nil && shown.double == sent.double)
        }
    }
}
