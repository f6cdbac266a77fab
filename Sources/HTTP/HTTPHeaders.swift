// SPDX-License-Identifier: Apache-2.0

/// An ordered list of header fields. Names are compared case-insensitively.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One header field.
    package struct Field: Sendable, Equatable {
        /// The name, in the case in which it was added.
        package let name: String
        /// The value, without surrounding white space.
        package let value: String
    }

    /// All fields, in the order in which they were added.
    package private(set) var fields: [Field] = []

    /// Creates headers from a literal; repeated names are allowed.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The value of the first field with this name. Setting it replaces all fields with this name; `nil` removes them.
    package subscript(name: String) -> String? {
        get { fields.first { Self.isSame($0.name, name) }?.value }
        set {
            fields.removeAll { Self.isSame($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Appends a field; fields with the same name are retained.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}
