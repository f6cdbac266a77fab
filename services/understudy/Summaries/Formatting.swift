// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Numbers and texts for people.
///
/// Written here: Foundation's number styles need ICU data and a locale, and the output of commands must not depend on a locale.
enum Formatting {
    /// `once`, `twice`, `3 times`.
    static func times(_ number: Int) -> String {
        switch number {
        case 1: "once"
        case 2: "twice"
        default: "\(number) times"
        }
    }

    /// `1 segment`, `2 segments`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// `0.25 s`: two decimals below ten seconds, one below a hundred, none above.
    static func seconds(_ seconds: Double) -> String {
        "\(decimal(max(seconds, 0), places: seconds < 10 ? 2 : seconds < 100 ? 1 : 0)) s"
    }

    /// `0.25 ms`: two decimals below ten milliseconds, one below a hundred, none above.
    ///
    /// - Parameter seconds: the duration.
    static func milliseconds(_ seconds: Double) -> String { "\(self.seconds(seconds * 1000).dropLast(2)) ms" }

    /// A number that is not negative, rounded to some decimal places, at most two.
    static func decimal(_ number: Double, places: Int) -> String {
        let scale = [1, 10, 100][min(max(places, 0), 2)]
        let units = Int(clamping: (number * Double(scale)).rounded())
        guard scale > 1 else { return "\(units)" }
        return "\(units / scale).\(String(units % scale + scale).dropFirst())"
    }

    /// A text cut to some characters, with an ellipsis if it is longer.
    static func truncated(_ text: String, to length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }
}
