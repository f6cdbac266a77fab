// SPDX-License-Identifier: Apache-2.0

extension ServiceError {
    /// The error for parameters that do not decode, with the JSON pointer of the member and what was expected there.
    package static func invalidParams(from error: DecodingError) -> ServiceError {
        switch error {
        case .typeMismatch(let type, let context):
            return .invalidParams(at: pointer(context.codingPath), expected: name(of: type))
        case .valueNotFound(let type, let context):
            return .invalidParams(at: pointer(context.codingPath), expected: "\(name(of: type)), found null")
        case .keyNotFound(let key, let context):
            return .invalidParams(missing: pointer(context.codingPath + [key]))
        case .dataCorrupted(let context):
            return .invalidParams(at: pointer(context.codingPath), expected: context.debugDescription)
        @unknown default:
            return ServiceError(.invalidParams, "\(error)")
        }
    }

    /// The RFC 6901 JSON pointer of a coding path.
    package static func pointer(_ path: [any CodingKey]) -> String {
        path.map { key in
            if let index = key.intValue { return "/\(index)" }
            var token = ""
            for character in key.stringValue {
                switch character {
                case "~": token += "~0"
                case "/": token += "~1"
                default: token.append(character)
                }
            }
            return "/\(token)"
        }.joined()
    }

    private static func name(of type: any Any.Type) -> String {
        if type is String.Type { return "a string" }
        if type is Bool.Type { return "true or false" }
        if type is any BinaryInteger.Type { return "a whole number" }
        if type is any BinaryFloatingPoint.Type { return "a number" }
        let text = "\(type)"
        if text.hasPrefix("Array") { return "an array" }
        return "an object"
    }
}
