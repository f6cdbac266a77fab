import Glibc

/// Paths in variables, as botocore expands them: `$NAME` and `${NAME}`, then `~` and `~user`.
enum HomeFolder {
    /// The folder of the user: `HOME`, else by the system's list of users.
    static func path(_ environment: [String: String]) -> String? {
        environment.variable("HOME") ?? folder { getpwuid_r(getuid(), $0, $1, $2, $3) }
    }

    /// - Returns: the path; variables that are not set and users that are not known stay as they are written.
    static func expand(_ path: String, _ environment: [String: String]) -> String {
        let text = withVariables(path, environment)
        guard text.utf8.first == UInt8(ascii: "~") else { return text }
        let user = text.dropFirst().prefix { $0 != "/" }
        let home =
            user.isEmpty ? self.path(environment) : folder { getpwnam_r(String(user), $0, $1, $2, $3) }
        guard var home else { return text }
        while home.hasSuffix("/") { home.removeLast() }
        let whole = home + text.dropFirst(1 + user.count)
        return whole.isEmpty ? "/" : whole
    }

    private static func withVariables(_ path: String, _ environment: [String: String]) -> String {
        var result = ""
        var rest = path[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            let behind = rest.dropFirst()
            let isBraced = behind.first == "{"
            let name =
                isBraced
                ? behind.dropFirst().prefix { $0 != "}" }
                : behind.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
            let end = isBraced ? rest[name.endIndex...].dropFirst().startIndex : name.endIndex
            let isWhole = !isBraced || rest[name.endIndex...].first == "}"
            if isWhole, !name.isEmpty, let value = environment[String(name)] {
                result += value
                rest = rest[end...]
            } else {
                result += "$"
                rest = behind
            }
        }
        return result + rest
    }

    private static func folder(
        _ find: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: 16 * 1024)
        return texts.withUnsafeMutableBufferPointer { texts in
            guard let start = texts.baseAddress, find(&entry, start, texts.count, &found) == 0, found != nil,
                let folder = entry.pw_dir
            else { return nil }
            return String(cString: folder)
        }
    }
}
