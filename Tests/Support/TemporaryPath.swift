// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Paths in `/tmp` that no other test uses. `scripts/test.sh` removes what is left of them at its end.
///
/// They are short, since the path of a socket has at most 103 bytes.
package enum TemporaryPath {
    /// What all paths of this run of the tests begin with.
    package static let prefix: String = {
        let home = ProcessInfo.processInfo.environment["US_TEST_HOME"] ?? ""
        let run = home.split(separator: "-").last.map { "\($0)-" } ?? ""
        return "/tmp/us-\(run)"
    }()

    /// A path at which there is nothing.
    ///
    /// - Parameters:
    ///   - name: what the file or folder is for; absent for the shortest path.
    ///   - suffix: such as `.json`.
    package static func new(_ name: String = "", suffix: String = "") -> String {
        let number = String(UInt64.random(in: 0..<1 << 41), radix: 36)
        return prefix + (name.isEmpty ? "" : "\(name)-") + number + suffix
    }
}
