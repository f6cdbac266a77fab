// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The environment of the processes that tests start.
///
/// ```swift
/// process.environment = TestEnvironment.inherited.merging(["AWS_REGION": "us-east-1"]) { $1 }
/// ```
package enum TestEnvironment {
    private static let inheritedNames: Set = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SWIFT_BACKTRACE"]

    /// The variables that are passed on from the test process, and `LC_ALL=C.UTF-8`.
    ///
    /// Nothing else is inherited, so that proxies, credentials, settings and the locale of a developer affect no test.
    package static var inherited: [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { inheritedNames.contains($0.key) }
        variables["LC_ALL"] = "C.UTF-8"
        return variables
    }
}
