import Untrusted

extension [String: String] {
    /// A variable of the environment without white space, line ends and quotes around it; one that is empty counts as absent.
    package func variable(_ name: String) -> String? {
        self[name].map { $0.strippedSetting() }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
