import Glibc
import Synchronization

/// Credentials that were found, for as long as they are valid. Callers that ask while they are looked up wait for the same answer.
final class CredentialCache: Sendable {
    /// Seconds before their end from which new ones are looked for.
    private static let margin = 300.0
    /// Seconds that credentials without an end are used: files change.
    private static let lifetime = 60.0
    /// Seconds from a refresh that failed to the next one, while the old credentials are valid.
    private static let pause = 30.0

    private struct State {
        var found: FoundCredentials?
        var foundAt = 0.0
        /// No refresh of valid credentials before this moment, in seconds since 1970.
        var refreshAt = 0.0
        var search: SharedTask<FoundCredentials>?
        /// Of the last search.
        var steps: [CredentialStep] = []
    }

    private let state = Mutex(State())
    private let find: @Sendable () async throws -> CredentialSearch

    init(_ find: @escaping @Sendable () async throws -> CredentialSearch) {
        self.find = find
    }

    /// What the last search found in each place.
    var steps: [CredentialStep] { state.withLock { $0.steps } }

    func current() async throws -> FoundCredentials {
        while true {
            let (found, search) = ready()
            if let found { return found }
            do {
                if let search { return try await search.value() }
            } catch is CancellationError where !Task.isCancelled {
                // All who had waited for this search have left it.
            }
        }
    }

    /// These were refused: the next caller looks again.
    func forget(_ credentials: AWSCredentials) {
        state.withLock { state in
            if state.found?.credentials == credentials { state.found = nil }
        }
    }

    /// Credentials that are valid, else the search to wait for.
    private func ready() -> (FoundCredentials?, SharedTask<FoundCredentials>?) {
        let now = Double(time(nil))
        return state.withLock { state in
            if let found = state.found {
                let isValid =
                    found.credentials.expiration.map { now < $0 && (now < $0 - Self.margin || now < state.refreshAt) }
                    ?? (now - state.foundAt < Self.lifetime)
                if isValid { return (found, nil) }
            }
            let search = state.search ?? SharedTask { try await self.look() }
            state.search = search
            return (nil, search)
        }
    }

    private func look() async throws -> FoundCredentials {
        do {
            let search = try await find()
            state.withLock { $0.steps = search.steps }
            let found = try search.result.get()
            state.withLock { state in
                state.found = found
                state.foundAt = Double(time(nil))
                state.search = nil
            }
            return found
        } catch let error as CancellationError {
            state.withLock { $0.search = nil }
            throw error
        } catch {
            // If refreshing fails, keep using the credentials until they expire.
            let now = Double(time(nil))
            let rest = state.withLock { state in
                state.search = nil
                state.refreshAt = now + Self.pause
                return state.found
            }
            guard let rest, let end = rest.credentials.expiration, now < end else { throw error }
            return rest
        }
    }
}
