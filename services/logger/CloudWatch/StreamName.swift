// SPDX-License-Identifier: Apache-2.0

/// Names of log streams in CloudWatch.
enum StreamName {
    /// The stream of an event: the requested one, otherwise that of the job on this instance, otherwise that of the instance.
    static func name(stream: String?, jobID: String?, instance: String) -> String {
        if let stream, !stream.isEmpty { return sanitized(stream) }
        guard let jobID, !jobID.isEmpty else { return sanitized(instance) }
        return sanitized("\(jobID)/\(instance)")
    }

    /// A valid stream name: at most 512 characters; `:`, `*` and control characters are replaced by `-`.
    static func sanitized(_ name: String) -> String {
        var text = String.UnicodeScalarView()
        var length = 0
        for scalar in name.unicodeScalars {
            // CloudWatch counts UTF-16 code units.
            let width = scalar.value > 0xFFFF ? 2 : 1
            guard length + width <= 512 else { break }
            length += width
            let isForbidden = scalar == ":" || scalar == "*" || scalar.value < 0x20 || scalar.value == 0x7F
            text.append(isForbidden ? "-" : scalar)
        }
        return text.isEmpty ? "-" : String(text)
    }
}
