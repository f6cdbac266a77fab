package import Calls

/// The services that call each other.
extension ServiceName {
    package static let orchestrator = ServiceName(rawValue: "orchestrator")
    package static let imagegen = ServiceName(rawValue: "imagegen")
    package static let clipper = ServiceName(rawValue: "clipper")
    package static let stitcher = ServiceName(rawValue: "stitcher")
    package static let logger = ServiceName(rawValue: "logger")
    /// The lead.
    package static let agent5 = ServiceName(rawValue: "agent5")
    package static let dashboard = ServiceName(rawValue: "dashboard")
}
