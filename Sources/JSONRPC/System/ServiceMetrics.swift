/// What `rpc.metrics` answers.
package struct ServiceMetrics: Codable, Sendable {
    /// A page in Prometheus' text exposition format 0.0.4.
    package var text: String

    package init(text: String) {
        self.text = text
    }
}
