// SPDX-License-Identifier: Apache-2.0

import JSON
import Untrusted

/// OpenRPC documents as text.
enum ContractText {
    /// The methods of a service, one line each.
    static func overview(of document: JSONValue) -> String {
        let about = document["info"]
        let head = [about?["title"], about?["version"], about?["description"]].compactMap { $0?.string }
        let methods = (document["methods"]?.array ?? []).compactMap { method -> (String, String)? in
            method["name"]?.string.map { ($0, method["summary"]?.string ?? "") }
        }
        let width = methods.map(\.0.count).max() ?? 0
        let lines = methods.map { name, summary in
            "  \(name)\(String(repeating: " ", count: width - name.count))  \(summary)"
        }
        return ([head.joined(separator: " ")] + lines).map { $0.printable() }.joined(separator: "\n")
    }

    /// A method with its parameters and its result.
    static func details(of method: JSONValue) -> String {
        let isIdempotent = method["x-idempotent"] == true
        var lines = [
            method["name"]?.string ?? "", "  \(method["summary"]?.string ?? "")",
            "  \(isIdempotent ? "Idempotent: repeating a call has no further effect." : "Not idempotent.")",
        ]
        let params = method["params"]?.array ?? []
        lines.append(params.isEmpty ? "  No parameters." : "  Parameters:")
        for param in params {
            var schema = param["schema"]?.object ?? [:]
            schema["description"] = param["description"]
            lines += member(
                param["name"]?.string ?? "", .object(schema), isRequired: param["required"] == true, indent: 4)
        }
        let result = method["result"]?["schema"] ?? .null
        lines.append("  Result: \(type(of: result))")
        lines += members(of: result, indent: 4)
        return lines.map { $0.printable() }.joined(separator: "\n")
    }

    private static func member(
        _ name: String, _ schema: JSONValue, isRequired: Bool, indent: Int
    ) -> [String] {
        let facts = [type(of: schema), schema["description"]?.string ?? ""].filter { !$0.isEmpty }
        let line =
            "\(String(repeating: " ", count: indent))\(name)\(isRequired ? "*" : "")  \(facts.joined(separator: ". "))"
        return [line] + members(of: schema, indent: indent + 2)
    }

    /// The members of an object, of the elements of an array, or of the values of a dictionary.
    private static func members(of schema: JSONValue, indent: Int) -> [String] {
        let choices = schema["oneOf"]?.array ?? []
        let object =
            [schema, schema["items"], schema["additionalProperties"]].compactMap { $0 }
            .first { $0["properties"] != nil } ?? choices.first { $0["properties"] != nil }
        guard let object else { return [] }
        let required = Set((object["required"]?.array ?? []).compactMap(\.string))
        return (object["properties"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { name, schema in
            member(name, schema, isRequired: required.contains(name), indent: indent)
        }
    }

    /// `integer 16...8192 px, default 1920`, `array of string`, `still | ken_burns`.
    static func type(of schema: JSONValue) -> String {
        if let choices = schema["oneOf"]?.array { return choices.map { type(of: $0) }.joined(separator: ", or ") }
        var text: String
        if let names = schema["enum"]?.array {
            text = names.map { $0.string ?? $0.text }.joined(separator: " | ")
        } else if let items = schema["items"] {
            text = "array of \(type(of: items))"
        } else {
            text = schema["type"]?.string ?? "any value"
        }
        let (least, most) = (schema["minimum"]?.text, schema["maximum"]?.text)
        if least != nil || most != nil { text += " \(least ?? "")...\(most ?? "")" }
        if let unit = schema["x-unit"]?.string { text += " \(unit)" }
        if let length = schema["maxLength"]?.text { text += " of at most \(length) characters" }
        if let value = schema["default"] { text += ", default \(value.text)" }
        return text
    }
}

extension JSONValue {
    /// The value as JSON text.
    fileprivate var text: String {
        (try? JSONCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
