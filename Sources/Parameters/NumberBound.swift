// SPDX-License-Identifier: Apache-2.0

package import JSON

/// A number type that a `NumberBound` can constrain.
package protocol BoundedNumber: Comparable, Sendable {
    /// The number as it appears in JSON, in the bound's unit.
    var number: Double { get }
}

extension Double: BoundedNumber {
    /// The number itself.
    package var number: Double { self }
}

extension Int: BoundedNumber {
    /// The number as a double.
    package var number: Double { Double(self) }
}

/// The accepted values and the default of a numeric parameter, from which validation, error messages and the schema of `rpc.discover`
/// are derived.
///
/// ```swift
/// static let fade = NumberBound(0...5, .seconds, default: 0.5)
/// fade.violation(7, at: "/fade_s")?.message  // /fade_s: expected seconds from 0 to 5, found 7
/// ```
package struct NumberBound<Value: BoundedNumber>: Sendable {
    /// The smallest accepted value.
    package let minimum: Value
    /// The largest accepted value; no upper bound if absent.
    package let maximum: Value?
    /// The unit of the values; absent for plain numbers.
    package let unit: MeasurementUnit?
    /// The value of an absent parameter; `nil` if there is no default, or if it is not a number.
    package let defaultValue: Value?
    /// Whether only even numbers are accepted.
    package let isEven: Bool
    /// The only accepted values, fractional ones within `tolerance`; if empty, every value of the range is accepted.
    package let choices: [Value]

    /// How far a number may be from a choice that is rounded itself, such as 29.97.
    private static var tolerance: Double { 0.006 }

    /// Creates a bound that accepts the values of a range.
    package init(
        _ range: ClosedRange<Value>, _ unit: MeasurementUnit? = nil, default defaultValue: Value? = nil,
        isEven: Bool = false
    ) {
        (minimum, maximum, self.unit, self.defaultValue) = (range.lowerBound, range.upperBound, unit, defaultValue)
        self.isEven = isEven
        choices = []
    }

    /// Creates a bound without an upper end.
    package init(from minimum: Value, _ unit: MeasurementUnit? = nil, default defaultValue: Value? = nil) {
        (self.minimum, maximum, self.unit, self.defaultValue) = (minimum, nil, unit, defaultValue)
        isEven = false
        choices = []
    }

    /// Creates a bound that accepts only the listed values, which must be in ascending order.
    package init(
        oneOf first: Value, _ others: Value..., unit: MeasurementUnit? = nil, default defaultValue: Value? = nil
    ) {
        choices = [first] + others
        (minimum, maximum, self.unit, self.defaultValue) = (first, others.last ?? first, unit, defaultValue)
        isEven = false
    }

    private init(_ bound: NumberBound, default defaultValue: Value?) {
        (minimum, maximum, unit, self.defaultValue) = (bound.minimum, bound.maximum, bound.unit, defaultValue)
        (isEven, choices) = (bound.isEven, bound.choices)
    }

    /// The same bound without a default, for parameters whose default is not a number.
    package var withoutDefault: NumberBound { NumberBound(self, default: nil) }

    /// Whether a value is accepted.
    package func contains(_ value: Value) -> Bool {
        let number = value.number
        guard number.isFinite else { return false }
        guard choices.isEmpty else {
            return choices.contains { choice in
                let isWhole = choice.number == choice.number.rounded()
                return isWhole ? choice.number == number : abs(choice.number - number) < Self.tolerance
            }
        }
        guard value >= minimum, maximum.map({ value <= $0 }) ?? true else { return false }
        return !isEven || number.truncatingRemainder(dividingBy: 2) == 0
    }

    /// The accepted values as they appear in error messages, such as `seconds from 0 to 5`.
    package var expected: String {
        guard choices.isEmpty else {
            let texts = choices.map { $0.number.plain }
            return texts.dropLast().joined(separator: ", ") + " or " + (texts.last ?? "")
        }
        guard let maximum else { return "\(minimum.number.plain) or more" }
        let range = "\(minimum.number.plain) to \(maximum.number.plain)"
        return isEven ? "an even number from \(range)" : unit?.phrase(range) ?? range
    }

    /// The keywords of the parameter's JSON Schema.
    package var keywords: [String: JSONValue] {
        var keywords: [String: JSONValue] = [:]
        if choices.isEmpty {
            keywords["minimum"] = minimum.number.json
            keywords["maximum"] = maximum?.number.json
        } else {
            keywords["enum"] = .array(choices.map(\.number.json))
        }
        if isEven { keywords["multipleOf"] = 2 }
        keywords["default"] = defaultValue?.number.json
        if let unit, unit != .number { keywords["x-unit"] = .string(unit.rawValue) }
        return keywords
    }

    /// Validates a value.
    ///
    /// - Parameter pointer: the JSON pointer of the value.
    /// - Returns: `nil` if the value is accepted.
    package func violation(_ value: Value, at pointer: String) -> Violation? {
        if contains(value) { return nil }
        return Violation(pointer: pointer, expected: expected, found: "\(value.number.plain)")
    }
}

extension Double {
    /// The number as text, whole numbers without a decimal point.
    var plain: String { isWholeNumber ? "\(Int64(self))" : "\(self)" }

    var json: JSONValue { isWholeNumber ? .integer(Int64(self)) : .number(self) }

    // trusted: far below the largest 64-bit integer
    private var isWholeNumber: Bool { isFinite && abs(self) < 1e15 && rounded() == self }
}
