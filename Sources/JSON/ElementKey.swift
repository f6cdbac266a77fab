// SPDX-License-Identifier: Apache-2.0

/// The place of an array's element in a coding path.
struct ElementKey: CodingKey {
    let number: Int
    var intValue: Int? { number }
    var stringValue: String { "Index \(number)" }

    init(_ number: Int) { self.number = number }
    init?(intValue: Int) { number = intValue }
    init?(stringValue: String) { return nil }
}
