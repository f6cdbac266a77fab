// SPDX-License-Identifier: Apache-2.0

import Untrusted

extension [String: String] {
    /// The value of an environment variable without surrounding white space, line ends and quotes; `nil` if it is not set or empty.
    package func variable(_ name: String) -> String? {
        self[name].map { $0.strippedSetting() }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
