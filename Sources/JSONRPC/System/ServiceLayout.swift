/// Where the orchestrator has the files of its jobs. Whoever puts a file there asks for it, since the orchestrator's settings may not
/// be the caller's.
package struct ServiceLayout: Codable, Sendable, Equatable {
    /// The URI below which all artifacts are.
    package var store: String
    /// The first folder below the store: `{root}/{user_id}/{session_id}/...`
    package var root: String

    package init(store: String, root: String) {
        self.store = store
        self.root = root
    }
}
