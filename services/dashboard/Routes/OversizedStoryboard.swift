// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import JobFiles
import ServicePool

/// Passes storyboards that are too large for a line of the wire through the store, where the orchestrator looks for them.
struct OversizedStoryboard: Sendable {
    /// Bytes of parameters from which the storyboard is stored; a line may have a little more.
    private static let maximumInline = 3 * 1024 * 1024
    /// The user of estimates, each of which has a session of its own.
    private static let estimateUser = "web-estimate"
    /// Seconds after which a storyboard of an estimate is considered abandoned.
    private static let staleSeconds = 600.0

    let artifacts: Artifacts
    let folders: JobFolders

    /// Calls `body` with the parameters of a start. A storyboard that is too large is stored and removed from the parameters.
    ///
    /// - Parameters:
    ///   - size: bytes of all parameters.
    ///   - retains: whether the storyboard is stored in the session's folder, and stays there unless `body` refuses it; otherwise
    ///     `body` gets another session, which is removed afterwards.
    /// - Returns: what `body` returns.
    /// - Throws: `invalid_params` for an ID that cannot name a folder; what the store and `body` throw.
    func with<R>(
        _ params: [String: JSONValue], size: Int, retains: Bool, _ body: (JSONValue) async throws -> R
    ) async throws -> R {
        guard size > Self.maximumInline, var data = params["pipeline_data"]?.object,
            let storyboard = data["storyboard"]
        else { return try await body(.object(params)) }
        var params = params
        if !retains {
            params["user_id"] = .string(Self.estimateUser)
            params["session_id"] = .string(String(UInt64.random(in: 0...UInt64.max), radix: 36))
        }
        data["storyboard"] = nil
        params["pipeline_data"] = .object(data)
        let (store, root) = try await folders.layout()
        let paths = try JobFilePaths(
            root: root, userID: params["user_id"]?.string ?? "", sessionID: params["session_id"]?.string ?? "")
        let uri = try store.appending(paths.storyboard)
        let text = try JSONCoding.encode(storyboard)
        return try await retains
            ? withRetained(text, at: uri, .object(params), body) : withTemporary(text, at: uri, .object(params), body)
    }

    private func withRetained<R>(
        _ text: Data, at uri: ArtifactURI, _ params: JSONValue, _ body: (JSONValue) async throws -> R
    ) async throws -> R {
        let replacement = try await ArtifactReplacement(uri, in: artifacts) {
            try await artifacts.write(text, to: uri)
        }
        do {
            let result = try await body(params)
            await replacement.commit()
            return result
        } catch let error as ServiceError where !error.mayHaveStarted {
            if replacement.backup != nil { try await replacement.rollBack() } else { await remove(uri) }
            throw error
        } catch {
            await replacement.commit()
            throw error
        }
    }

    private func withTemporary<R>(
        _ text: Data, at uri: ArtifactURI, _ params: JSONValue, _ body: (JSONValue) async throws -> R
    ) async throws -> R {
        try await artifacts.write(text, to: uri)
        let result: R
        do {
            result = try await body(params)
        } catch {
            await remove(uri)
            throw error
        }
        await remove(uri)
        return result
    }

    /// Removes storyboards of estimates that killed dashboards left in the store.
    func sweepStore() async {
        guard let (store, root) = try? await folders.layout(replicaTimeout: .seconds(30)), store.scheme == .file,
            let folder = try? store.appending("\(root)/\(Self.estimateUser)")
        else { return }
        for session in ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).prefix(1000) {
            guard let paths = try? JobFilePaths(root: root, userID: Self.estimateUser, sessionID: session),
                let uri = try? store.appending(paths.storyboard), let info = artifacts.localInfo(uri),
                Date().timeIntervalSince1970 - info.modified > Self.staleSeconds
            else { continue }
            await remove(uri)
        }
    }

    /// Removes a storyboard and the folders of its session, if they are empty then.
    private func remove(_ uri: ArtifactURI) async {
        try? await artifacts.remove(uri)
        guard uri.scheme == .file else { return }
        let agent = uri.path.dropLast(uri.name.count + 1)
        rmdir(String(agent))
        rmdir(String(agent[..<(agent.lastIndex(of: "/") ?? agent.startIndex)]))
    }
}

extension ServiceError {
    /// Whether a job may have been started although the call failed.
    fileprivate var mayHaveStarted: Bool { [.unavailable, .timeout, .cancelled, .internal].contains(kind) }
}
