/// What is known of a service before it is configured.
package struct ServiceDescription: Sendable {
    /// `clipper`, ...: the executable's name, and its folder's in the run directory.
    package let name: String
    /// One sentence for `--help` and `rpc.discover`.
    package let about: String
    /// Slots for calls of methods that are work, if `UNDERSTUDY_CAPACITY` is not set.
    package let capacity: Int
    /// Whether a run directory has one replica of it at most.
    package let isOnly: Bool

    package init(_ name: String, about: String, capacity: Int, isOnly: Bool = false) {
        self.name = name
        self.about = about
        self.capacity = capacity
        self.isOnly = isOnly
    }
}
