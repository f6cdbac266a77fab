// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Caches credentials while they are valid. Concurrent callers share one search.
final class CredentialCache: Sendable {
    /// Credentials are refreshed this many seconds before they expire.
    private static let refreshMargin = 300.0
    /// Seconds for which permanent credentials are cached. Files may change.
    private static let permanentLifetime = 60.0
    /// Seconds between a failed refresh and the next one while the old credentials are valid.
    private static let refreshRetryInterval = 30.0

    private struct State {
        var resolved: ResolvedCredentials?
        /// When they were resolved, in seconds since 1970.
        var resolvedAt = 0.0
        /// Time of the next refresh after a failed one, in seconds since 1970.
        var nextRefreshAt = 0.0
        var search: SharedTask<ResolvedCredentials>?
        /// The steps of the last search.
        var steps: [CredentialStep] = []
    }

    private let state = Mutex(State())
    private let find: @Sendable () async throws -> CredentialSearch

    init(_ find: @escaping @Sendable () async throws -> CredentialSearch) {
        self.find = find
    }

    /// The steps of the last search.
    var steps: [CredentialStep] { state.withLock { $0.steps } }

    /// The cached credentials, or the result of a new search.
    ///
    /// - Throws: `AWSError` of the search; `CancellationError`.
    func current() async throws -> ResolvedCredentials {
        while true {
            let (resolved, search) = cachedOrSearch()
            if let resolved { return resolved }
            do {
                if let search { return try await search.value() }
            } catch is CancellationError where !Task.isCancelled {
                // The other waiters cancelled this search; start a new one.
            }
        }
    }

    /// Discards rejected credentials, so that the next caller starts a new search.
    func invalidate(_ credentials: AWSCredentials) {
        state.withLock { state in
            if state.resolved?.credentials == credentials { state.resolved = nil }
        }
    }

    /// Valid cached credentials, otherwise the running or a new search.
    private func cachedOrSearch() -> (ResolvedCredentials?, SharedTask<ResolvedCredentials>?) {
        let now = Double(time(nil))
        return state.withLock { state in
            if let resolved = state.resolved {
                let isValid =
                    resolved.credentials.expiration.map {
                        now < $0 && (now < $0 - Self.refreshMargin || now < state.nextRefreshAt)
                    } ?? (now - state.resolvedAt < Self.permanentLifetime)
                if isValid { return (resolved, nil) }
            }
            let search = state.search ?? SharedTask { try await self.runSearch() }
            state.search = search
            return (nil, search)
        }
    }

    private func runSearch() async throws -> ResolvedCredentials {
        do {
            let search = try await find()
            state.withLock { $0.steps = search.steps }
            let resolved = try search.result.get()
            state.withLock { state in
                state.resolved = resolved
                state.resolvedAt = Double(time(nil))
                state.search = nil
            }
            return resolved
        } catch let error as CancellationError {
            state.withLock { $0.search = nil }
            throw error
        } catch {
            // If refreshing fails, keep using the cached credentials until they expire.
            let now = Double(time(nil))
            let cached = state.withLock { state in
                state.search = nil
                state.nextRefreshAt = now + Self.refreshRetryInterval
                return state.resolved
            }
            guard let cached, let expiration = cached.credentials.expiration, now < expiration else { throw error }
            return cached
        }
    }
}
