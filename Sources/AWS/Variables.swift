extension [String: String] {
    /// A variable of the environment; one that is empty counts as absent.
    package func variable(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
