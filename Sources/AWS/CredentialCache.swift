import Glibc
import Synchronization

/// Credentials that were found, for as long as they are good; whoever asks while they are looked up waits for the same answer.
final class CredentialCache: Sendable {
    /// Seconds before their end from which new ones are looked for.
    private static let margin = 300.0
    /// Seconds that credentials without an end are kept: files change.
    private static let lifetime = 60.0

    private struct State {
        var found: FoundCredentials?
        var foundAt = 0.0
        var search: Task<FoundCredentials, any Error>?
    }

    private let state = Mutex(State())
    private let find: @Sendable () async throws -> FoundCredentials

    init(_ find: @escaping @Sendable () async throws -> FoundCredentials) {
        self.find = find
    }

    /// Where the last ones came from.
    var source: String? { state.withLock { $0.found?.source } }

    func current() async throws -> AWSCredentials {
        let now = Double(time(nil))
        let search: Task<FoundCredentials, any Error> = state.withLock { state in
            if let found = state.found {
                let isGood =
                    found.credentials.expiration.map { now < $0 - Self.margin } ?? (now - state.foundAt < Self.lifetime)
                if isGood { return Task { found } }
            }
            if let search = state.search { return search }
            let search = Task { try await self.look() }
            state.search = search
            return search
        }
        return try await search.value.credentials
    }

    /// These were refused: the next question looks anew.
    func forget(_ credentials: AWSCredentials) {
        state.withLock { state in
            if state.found?.credentials == credentials { state.found = nil }
        }
    }

    private func look() async throws -> FoundCredentials {
        do {
            let found = try await find()
            state.withLock { $0 = State(found: found, foundAt: Double(time(nil)), search: nil) }
            return found
        } catch {
            // What is at hand is used to its end where no new ones are to be had.
            let rest = state.withLock { state in
                state.search = nil
                return state.found
            }
            guard let rest, let end = rest.credentials.expiration, Double(time(nil)) < end else { throw error }
            return rest
        }
    }
}

/// Credentials, and where they come from.
struct FoundCredentials: Sendable {
    var credentials: AWSCredentials
    /// As messages name it.
    var source: String
}
