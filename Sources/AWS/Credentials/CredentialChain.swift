// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP

/// Searches all credential sources in the order of AWS's own tools.
///
/// A source that is configured but fails ends the search with an error, so that the instance role is never used by accident.
struct CredentialChain: Sendable {
    let settings: AWSSettings

    /// Runs the search.
    ///
    /// - Returns: the outcome of each source and the credentials, or the error of the failed source.
    /// - Throws: `CancellationError`.
    func search() async throws -> CredentialSearch {
        let order = order
        var steps: [CredentialStep] = []
        func end(_ outcome: CredentialStep.Outcome, _ result: Result<ResolvedCredentials, AWSError>) -> CredentialSearch
        {
            var all = steps + [CredentialStep(source: order[steps.count], outcome: outcome)]
            all += order.dropFirst(all.count).map { CredentialStep(source: $0, outcome: .notTried) }
            return CredentialSearch(steps: all, result: result)
        }
        for source in order {
            do {
                switch try await lookUp(source) {
                case .found(let resolved):
                    let expiration = resolved.credentials.expiration
                    return end(.used(details: resolved.details, expiration: expiration), .success(resolved))
                case .absent(let reason):
                    steps.append(CredentialStep(source: source, outcome: .skipped(reason)))
                }
            } catch let error as AWSError {
                return end(.failed(error.message), .failure(error))
            }
        }
        return CredentialSearch(steps: steps, result: .failure(noCredentials(steps)))
    }

    /// The order of the sources.
    ///
    /// An explicitly configured profile comes first. Otherwise a profile that assumes a role precedes the web identity, which Kubernetes
    /// injects into every process, and a profile with keys follows it.
    private var order: [CredentialSource] {
        if settings.hasConfiguredProfile { return [.profile, .environment, .webIdentity, .container, .instance] }
        let profile = (try? settings.profile(settings.profileName)) ?? [:]
        let assumesRole = profile["role_arn"] != nil && profile["web_identity_token_file"] == nil
        return assumesRole
            ? [.environment, .profile, .webIdentity, .container, .instance]
            : [.environment, .webIdentity, .profile, .container, .instance]
    }

    private func lookUp(_ source: CredentialSource) async throws -> CredentialLookupResult {
        switch source {
        case .environment: try EnvironmentCredentials(settings: settings).find()
        case .webIdentity: try await WebIdentityCredentials.find(settings)
        case .profile: try await ProfileCredentials(settings: settings).find()
        case .container: try await ContainerCredentials(settings: settings).find()
        case .instance: try await InstanceCredentials(settings: settings).find()
        }
    }

    private func noCredentials(_ steps: [CredentialStep]) -> AWSError {
        AWSError(
            .unauthorized,
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put the profile "
                + "\(settings.profileName) into \(settings.credentialsPath) ("
                + steps.map(\.description).joined(separator: "; ") + ")")
    }
}
