import Untrusted

/// Numbers in words.
enum Count {
    /// `once`, `twice`, `3 times`; `not at all` for 0.
    static func times(_ number: Int) -> String {
        switch number {
        case 0: "not at all"
        case 1: "once"
        case 2: "twice"
        default: "\(number) times"
        }
    }

    /// `1 segment`, `2 segments`.
    static func of(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// `0.25 s`: two decimals below ten seconds, one below a hundred, none above.
    static func seconds(_ seconds: Double) -> String {
        let decimals = seconds < 10 ? 2 : seconds < 100 ? 1 : 0
        let scale = [1, 10, 100][decimals]
        let units = Int(clamping: (max(seconds, 0) * Double(scale)).rounded())
        guard decimals > 0 else { return "\(units) s" }
        let fraction = String(units % scale + scale).dropFirst()
        return "\(units / scale).\(fraction) s"
    }

    /// The beginning of a text that is longer than `length` characters.
    static func shortened(_ text: String, to length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }
}
