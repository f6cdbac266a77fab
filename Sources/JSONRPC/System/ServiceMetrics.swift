// SPDX-License-Identifier: Apache-2.0

/// The result of `rpc.metrics`.
package struct ServiceMetrics: Codable, Sendable {
    /// A page in Prometheus' text exposition format 0.0.4.
    package var text: String

    /// Creates the result from a page.
    package init(text: String) {
        self.text = text
    }
}
