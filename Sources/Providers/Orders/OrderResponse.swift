// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import JSON
import Untrusted

/// A response about an order, parsed in the dialects of servers that share an API: IDs as numbers or under other names, the order
/// inside an envelope, progress as a number or a string.
///
/// ```swift
/// let response = OrderResponse(body)
/// let id = response?.id, status = response?.statusWord.map(OrderStatusWord.init)
/// ```
package struct OrderResponse: Sendable {
    private static let envelopeNames = [
        "data", "task", "video", "job", "generation", "prediction", "result", "response", "output", "order",
    ]
    private static let statusNames = [
        "status", "state", "task_status", "taskStatus", "video_status", "job_status", "generation_status", "phase",
    ]
    private static let idNames = [
        "id", "task_id", "taskId", "video_id", "videoId", "generation_id", "generationId", "job_id", "jobId",
        "prediction_id", "uuid",
    ]

    /// The objects of the response, the outermost first.
    private let layers: [JSONValue]
    /// The index of the layer that reports the order's status.
    private let statusLayer: Int?

    /// Parses a response body.
    ///
    /// - Returns: `nil` if the body is not a JSON object.
    package init?(_ body: Data) {
        guard let value = try? JSONCoding.decode(JSONValue.self, from: body) else { return nil }
        self.init(value)
    }

    /// Reads a JSON value: an object, or a list whose first element is one.
    ///
    /// - Returns: `nil` for any other value.
    package init?(_ value: JSONValue) {
        // Some servers return a list with one element.
        let top = value.array?.first ?? value
        guard top.object != nil else { return nil }
        var layers = [top]
        for layer in Self.inner(top) { layers += [layer] + Self.inner(layer) }
        self.layers = layers
        // An envelope's own `success` refers to the request, not to the order.
        statusLayer = layers.lastIndex { Self.status(of: $0) != nil }
    }

    private static func inner(_ value: JSONValue) -> [JSONValue] {
        envelopeNames.compactMap { name in
            guard let member = value[name] else { return nil }
            return member.object != nil ? member : member.array?.first.flatMap { $0.object != nil ? $0 : nil }
        }
    }

    // MARK: -

    /// The order's ID; if there is no other, the ID of the request.
    package var id: OrderID? {
        let order = [statusLayer].compactMap { $0 } + Array(layers.indices)
        for index in order {
            // Beside the ID of a task, `id` may be that of a log entry.
            let isVideo = layers[index]["object"]?.string?.hasPrefix("video") == true
            let names = isVideo ? Self.idNames : Array(Self.idNames.dropFirst()) + ["id"]
            for name in names {
                if let id = OrderID(layers[index][name]) { return id }
            }
        }
        return layers.lazy.compactMap { OrderID($0["request_id"]) }.first
    }

    /// The ID under a name that only orders have, e.g. `task_id`.
    package var orderID: OrderID? {
        for index in [statusLayer].compactMap({ $0 }) + Array(layers.indices) {
            for name in Self.idNames.dropFirst() {
                if let id = OrderID(layers[index][name]) { return id }
            }
        }
        return nil
    }

    /// The provider's word for the order's status; `nil` if there is none.
    package var statusWord: String? {
        statusLayer.flatMap { Self.status(of: layers[$0]) }.map { $0.bounded(to: TextBound.quotation) }
    }

    private static func status(of layer: JSONValue) -> String? {
        for name in statusNames {
            if let word = layer[name]?.string { return word }
        }
        if case .bool(true)? = layer["done"] { return "done" }
        return nil
    }

    /// The progress from 0 to 1, read from `42`, `0.42`, `"42%"` or `"0.42"`.
    package var fraction: Double? {
        for layer in layers {
            for name in ["progress", "progress_percentage", "progressPercent", "percentage", "percent"] {
                if let fraction = Self.fraction(layer[name]) { return fraction }
            }
        }
        return nil
    }

    /// Converts a progress value to 0 to 1. Integers and numbers above 1 are percentages.
    static func fraction(_ value: JSONValue?) -> Double? {
        let range = 0.0...1.0
        switch value {
        case .integer(let percentage): return (Double(percentage) / 100).clamped(to: range)
        case .number(let number): return (number <= 1 ? number : number / 100).clamped(to: range)
        case .string(let text):
            let digits = text.filter { !$0.isWhitespace && $0 != "%" }
            guard let number = Double(digits), number.isFinite else { return nil }
            let isFraction = number <= 1 && digits.contains(".") && !text.contains("%")
            return (isFraction ? number : number / 100).clamped(to: range)
        default: return nil
        }
    }

    /// The message and code with which the provider reports a failure.
    package var failure: (message: String?, code: String?) {
        for layer in layers.reversed() {
            guard let error = layer["error"] ?? layer["failure"] ?? layer["errors"]?.array?.first, error != .null else {
                continue
            }
            if let text = error.string, !text.isEmpty {
                return (text, Self.code(of: layer, names: ["code", "error_code"]))
            }
            let message = Self.text(of: error, names: ["message", "msg", "detail", "reason", "description"])
            let code = Self.code(of: error, names: ["code", "type", "name"])
            if message != nil || code != nil { return (message, code) }
        }
        let names = [
            "fail_reason", "failure_reason", "failReason", "failureReason", "error_message", "errorMessage",
            "task_status_msg",
            "status_msg", "status_message", "fail_msg", "reason", "message", "detail",
        ]
        for layer in layers.reversed() {
            if let message = Self.text(of: layer, names: names) {
                return (message, Self.code(of: layer, names: ["error_code", "failure_code", "code"]))
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

    /// Whether the response contains an error. A code of zero, an empty message and an empty object are not errors.
    package var hasError: Bool {
        layers.contains { layer in
            guard let error = layer["error"], error != .null else { return false }
            if let text = error.string { return !text.isEmpty }
            return error["message"]?.string?.isEmpty == false || Self.code(of: error, names: ["code"]) != nil
        }
    }

    /// The member of the order's own object, or of one around it.
    package subscript(name: String) -> JSONValue? {
        for index in [statusLayer].compactMap({ $0 }) + Array(layers.indices) {
            if let value = layers[index][name], value != .null { return value }
        }
        return nil
    }

    /// The outermost object of the response.
    package var value: JSONValue { layers[0] }

    // MARK: -

    /// Reads a time: a number of seconds or milliseconds since 1970, or RFC 3339.
    ///
    /// - Returns: Seconds since 1970; `nil` if the value is not a time after 1970.
    package static func seconds(_ value: JSONValue?) -> Double? {
        if let number = value?.double, number > 0 { return number > 1e11 ? number / 1000 : number }
        guard let text = value?.string else { return nil }
        if let number = Double(text), number > 0 { return number > 1e11 ? number / 1000 : number }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        // Fractions of a second have any number of digits.
        let whole = text.prefix { $0 != "." }
        let zone = text.dropFirst(whole.count).drop { $0 == "." || ($0.isASCII && $0.isNumber) }
        let date = try? style.parse(zone.isEmpty ? text : "\(whole)\(zone)")
        return date?.timeIntervalSince1970
    }

    /// The minimum length in bytes at which a prompt without an ellipsis may be truncated.
    private static let truncationMinimum = 64

    /// Whether a listed prompt may be the one that was sent: lists truncate long prompts.
    ///
    /// - Parameters:
    ///   - listed: The prompt in the provider's list.
    ///   - sent: The prompt that was sent.
    package static func mayMatch(_ listed: String, _ sent: String?) -> Bool {
        guard let sent, listed != sent, !listed.isEmpty else { return true }
        let hasEllipsis = listed.hasSuffix("...") || listed.hasSuffix("\u{2026}")
        guard hasEllipsis || listed.utf8.count >= truncationMinimum else { return false }
        var head = listed[...]
        while hasEllipsis, let last = head.last, last == "." || last == "\u{2026}" || last.isWhitespace {
            head = head.dropLast()
        }
        return sent.hasPrefix(head)
    }

    /// Whether a listed value contains everything that was sent. Members that the provider added and the notation of numbers do not
    /// matter.
    ///
    /// - Parameters:
    ///   - listed: The value in the provider's list.
    ///   - sent: The value that was sent; a `null` member may be absent from the list.
    package static func contains(_ listed: JSONValue, _ sent: JSONValue) -> Bool {
        switch (listed, sent) {
        case (.object(let listed), .object(let sent)):
            sent.allSatisfy { name, value in listed[name].map { contains($0, value) } ?? (value == .null) }
        case (.array(let listed), .array(let sent)):
            listed.count == sent.count && zip(listed, sent).allSatisfy { contains($0, $1) }
        default: listed == sent || (listed.double != nil && listed.double == sent.double)
        }
    }
}
