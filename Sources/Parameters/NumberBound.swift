package import JSON

/// A number that a `NumberBound` can hold.
package protocol BoundedNumber: Comparable, Sendable {
    /// The number as JSON has it, in the bound's unit.
    var number: Double { get }
}

extension Double: BoundedNumber {
    package var number: Double { self }
}

extension Int: BoundedNumber {
    package var number: Double { Double(self) }
}

/// The numbers that a parameter may be, and the one that holds if it is absent: what the check, its error message and the schema
/// of `rpc.discover` have in common.
package struct NumberBound<Value: BoundedNumber>: Sendable {
    package let minimum: Value
    /// Without an upper bound if absent.
    package let maximum: Value?
    package let unit: MeasurementUnit?
    /// The value that holds where the parameter is absent; absent where that is not a number.
    package let standard: Value?
    /// Whether only even numbers are accepted.
    package let isEven: Bool
    /// The only values that are accepted, within `tolerance` of those that are not whole; all in the range if empty.
    package let choices: [Value]

    /// How far a number may be from a choice that is itself a rounded one, such as 29.97.
    private static var tolerance: Double { 0.006 }

    package init(
        _ range: ClosedRange<Value>, _ unit: MeasurementUnit? = nil, standard: Value? = nil, isEven: Bool = false
    ) {
        (minimum, maximum, self.unit, self.standard) = (range.lowerBound, range.upperBound, unit, standard)
        self.isEven = isEven
        choices = []
    }

    /// - Parameter minimum: the smallest number; no upper bound.
    package init(from minimum: Value, _ unit: MeasurementUnit? = nil, standard: Value? = nil) {
        (self.minimum, maximum, self.unit, self.standard) = (minimum, nil, unit, standard)
        isEven = false
        choices = []
    }

    /// - Parameter choices: in ascending order.
    package init(
        oneOf first: Value, _ others: Value..., unit: MeasurementUnit? = nil, standard: Value? = nil
    ) {
        choices = [first] + others
        (minimum, maximum, self.unit, self.standard) = (first, others.last ?? first, unit, standard)
        isEven = false
    }

    private init(_ bound: NumberBound, standard: Value?) {
        (minimum, maximum, unit, self.standard) = (bound.minimum, bound.maximum, bound.unit, standard)
        (isEven, choices) = (bound.isEven, bound.choices)
    }

    /// The same bound for a parameter that has no default, or one that is not a number.
    package var withoutStandard: NumberBound { NumberBound(self, standard: nil) }

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

    /// What an error message says is expected.
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
        keywords["default"] = standard?.number.json
        if let unit, unit != .number { keywords["x-unit"] = .string(unit.rawValue) }
        return keywords
    }

    /// - Parameter pointer: the JSON pointer of the value.
    /// - Returns: `nil` for a value that is accepted.
    package func violation(_ value: Value, at pointer: String) -> Violation? {
        if contains(value) { return nil }
        return Violation(pointer: pointer, expected: expected, found: "\(value.number.plain)")
    }
}

extension Double {
    /// Whole numbers without a decimal point.
    var plain: String { isWholeNumber ? "\(Int64(self))" : "\(self)" }

    var json: JSONValue { isWholeNumber ? .integer(Int64(self)) : .number(self) }

    /// trusted: far below the largest 64-bit integer
    private var isWholeNumber: Bool { isFinite && abs(self) < 1e15 && rounded() == self }
}
