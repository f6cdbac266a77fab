import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// A storyboard that does not fit into a line of the wire goes into the store, where the orchestrator looks for it.
struct GivenStoryboard: Sendable {
    /// Bytes of parameters beyond which the storyboard takes that way; a line has a little more.
    private static let maximumLine = 3 * 1024 * 1024

    let artifacts: Artifacts
    let folders: JobFolders

    /// What `body` gives with the parameters of a start whose storyboard is where the orchestrator gets it.
    ///
    /// A request that is refused leaves the session's storyboard as it was.
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
            params["user_id"] = .string(Self.estimates)
            params["session_id"] = .string(String(UInt64.random(in: 0...UInt64.max), radix: 36))
        }
        data["storyboard"] = nil
        params["pipeline_data"] = .object(data)
        let (store, root) = try await folders.layout()
        let places = try Places(
            root: root, userID: params["user_id"]?.string ?? "", sessionID: params["session_id"]?.string ?? "")
        let place = try store.appending(places.storyboard)
        let text = try JSONCoding.encode(storyboard)
        guard !isKept else {
            let replaced = try await ReplacedArtifact(place, in: artifacts) {
                try await artifacts.write(text, to: place)
            }
            do {
                let result = try await body(.object(params))
                await replaced.keep()
                return result
            } catch let error as ServiceError where !error.mayHaveStarted {
                if replaced.earlier != nil { try await replaced.takeBack() } else { await forget(place) }
                throw error
            } catch {
                await replaced.keep()
                throw error
            }
        }
        try await artifacts.write(text, to: place)
        let result: R
        do {
            result = try await body(.object(params))
        } catch {
            await forget(place)
            throw error
        }
        await forget(place)
        return result
    }

    /// Removes storyboards of estimates that dashboards which were killed left in the store.
    func sweep() async {
        guard let (store, root) = try? await folders.layout(patience: .seconds(30)), store.scheme == .file,
            let folder = try? store.appending("\(root)/\(Self.estimates)")
        else { return }
        for session in ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).prefix(1000) {
            guard let places = try? Places(root: root, userID: Self.estimates, sessionID: session),
                let place = try? store.appending(places.storyboard), let info = artifacts.localInfo(place),
                Date().timeIntervalSince1970 - info.modified > Self.staleSeconds
            else { continue }
            await forget(place)
        }
    }

    /// Removes a storyboard, and the session's folders that are empty then.
    private func forget(_ place: ArtifactURI) async {
        try? await artifacts.remove(place)
        guard place.scheme == .file else { return }
        let agent = place.path.dropLast(place.name.count + 1)
        rmdir(String(agent))
        rmdir(String(agent[..<(agent.lastIndex(of: "/") ?? agent.startIndex)]))
    }

    /// The user of estimates whose storyboard goes by the store, each in a session of its own.
    private static let estimates = "web-estimate"
    /// Seconds after which nobody waits for an estimate any more.
    private static let staleSeconds = 600.0
}

extension ServiceError {
    /// Whether a start that ended with this may have been accepted all the same.
    fileprivate var mayHaveStarted: Bool { [.unavailable, .timeout, .cancelled, .internal].contains(kind) }
}
