/// Which log stream of CloudWatch an event goes to.
enum StreamName {
    /// The stream that was asked for, else the job's on this instance, else the instance's.
    static func of(stream: String?, jobID: String?, instance: String) -> String {
        if let stream, !stream.isEmpty { return allowed(stream) }
        guard let jobID, !jobID.isEmpty else { return allowed(instance) }
        return allowed("\(jobID)/\(instance)")
    }

    /// At most 512 characters, without `:`, `*` and what does not show.
    static func allowed(_ name: String) -> String {
        var text = String.UnicodeScalarView()
        var length = 0
        for scalar in name.unicodeScalars {
            // CloudWatch counts as UTF-16 does.
            let width = scalar.value > 0xFFFF ? 2 : 1
            guard length + width <= 512 else { break }
            length += width
            let isOdd = scalar == ":" || scalar == "*" || scalar.value < 0x20 || scalar.value == 0x7F
            text.append(isOdd ? "-" : scalar)
        }
        return text.isEmpty ? "-" : String(text)
    }
}
