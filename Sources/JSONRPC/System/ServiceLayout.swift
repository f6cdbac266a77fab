// SPDX-License-Identifier: Apache-2.0

/// Where the orchestrator stores the files of its jobs.
///
/// Clients that upload files read it from `rpc.health`, since their settings may differ from the orchestrator's.
package struct ServiceLayout: Codable, Sendable, Equatable {
    /// The URI of the artifact store.
    package var store: String
    /// The first folder below the store: `{root}/{user_id}/{session_id}/...`
    package var root: String

    /// Creates a layout.
    package init(store: String, root: String) {
        self.store = store
        self.root = root
    }
}
