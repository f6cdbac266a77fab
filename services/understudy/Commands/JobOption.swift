// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import JSON

/// An option of a job on the command line, e.g. `mode=fade`. Numbers, `true` and `false` are such values; everything else is text.
struct JobOption: ExpressibleByArgument, Equatable {
    let name: String
    let value: JSONValue

    init?(argument: String) {
        let pair = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, !pair[0].isEmpty else { return nil }
        name = String(pair[0])
        let text = String(pair[1])
        switch try? JSONCoding.decode(JSONValue.self, from: Data(text.utf8)) {
        case .integer(let number): value = .integer(number)
        case .number(let number): value = .number(number)
        case .bool(let flag): value = .bool(flag)
        default: value = .string(text)
        }
    }
}
