import Artifacts
import Contracts
import JSONRPC
import ServicePool

/// A storyboard that does not fit into a line of the wire goes into the store, where the orchestrator looks for it.
struct GivenStoryboard: Sendable {
    /// Bytes of parameters beyond which the storyboard takes that way; a line has a little more.
    private static let maximumLine = 3 * 1024 * 1024

    let artifacts: Artifacts
    /// Below it lie the sessions' folders.
    let store: ArtifactURI
    let root: String

    /// What `body` gives with the parameters of a start whose storyboard is where the orchestrator gets it.
    ///
    /// - Parameter isKept: whether it stays in the session's folder; else `body` gets another session, which is removed afterwards.
    /// - Throws: `invalid_params` for an id that cannot name a folder; what the store and `body` throw.
    func with<R>(
        _ params: [String: JSONValue], size: Int, isKept: Bool, _ body: (JSONValue) async throws -> R
    ) async throws -> R {
        guard size > Self.maximumLine, var data = params["pipeline_data"]?.object, let storyboard = data["storyboard"]
        else { return try await body(.object(params)) }
        var params = params
        if !isKept {
            params["session_id"] = .string("web-estimate-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
        }
        data["storyboard"] = nil
        params["pipeline_data"] = .object(data)
        let places = try Places(
            root: root, userID: params["user_id"]?.string ?? "", sessionID: params["session_id"]?.string ?? "")
        let place = try store.appending(places.storyboard)
        try await artifacts.write(try JSONCoding.encode(storyboard), to: place)
        guard !isKept else { return try await body(.object(params)) }
        let result: R
        do {
            result = try await body(.object(params))
        } catch {
            try? await artifacts.remove(place)
            throw error
        }
        try? await artifacts.remove(place)
        return result
    }
}
