// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Expands paths in variables like botocore: `$NAME` and `${NAME}`, then `~` and `~user`.
enum PathExpansion {
    /// The user's home directory: `HOME`, otherwise from the user database.
    static func homeDirectory(_ environment: [String: String]) -> String? {
        environment.variable("HOME") ?? databaseHomeDirectory { getpwuid_r(getuid(), $0, $1, $2, $3) }
    }

    /// Expands a path. Variables that are not set and unknown users are left unchanged.
    static func expand(_ path: String, _ environment: [String: String]) -> String {
        let text = withVariables(path, environment)
        guard text.utf8.first == UInt8(ascii: "~") else { return text }
        let user = text.dropFirst().prefix { $0 != "/" }
        let home =
            user.isEmpty
            ? homeDirectory(environment) : databaseHomeDirectory { getpwnam_r(String(user), $0, $1, $2, $3) }
        guard var home else { return text }
        while home.hasSuffix("/") { home.removeLast() }
        let expanded = home + text.dropFirst(1 + user.count)
        return expanded.isEmpty ? "/" : expanded
    }

    private static func withVariables(_ path: String, _ environment: [String: String]) -> String {
        var result = ""
        var rest = path[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            let tail = rest.dropFirst()
            let isBraced = tail.first == "{"
            let name =
                isBraced
                ? tail.dropFirst().prefix { $0 != "}" }
                : tail.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
            let end = isBraced ? rest[name.endIndex...].dropFirst().startIndex : name.endIndex
            let isClosed = !isBraced || rest[name.endIndex...].first == "}"
            if isClosed, !name.isEmpty, let value = environment[String(name)] {
                result += value
                rest = rest[end...]
            } else {
                result += "$"
                rest = tail
            }
        }
        return result + rest
    }

    /// The home directory in the user database's entry.
    private static func databaseHomeDirectory(
        _ lookUp: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> String? {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, lookUp(&entry, start, buffer.count, &result) == 0, result != nil,
                let directory = entry.pw_dir
            else { return nil }
            return String(cString: directory)
        }
    }
}
