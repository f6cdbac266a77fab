import Faults
import FoundationEssentials
import HTTP

/// Looks for credentials in all places, in the order of AWS's own tools. A place where something is configured that does not work ends
/// the search with an error: nothing runs by the role of the machine that was meant to run by another.
struct CredentialChain: Sendable {
    let settings: AWSSettings

    /// - Throws: `CancellationError`.
    func search() async throws -> CredentialSearch {
        let order = order
        var steps: [CredentialStep] = []
        func end(_ outcome: CredentialStep.Outcome, _ result: Result<FoundCredentials, AWSError>) -> CredentialSearch {
            var all = steps + [CredentialStep(source: order[steps.count], outcome: outcome)]
            all += order.dropFirst(all.count).map { CredentialStep(source: $0, outcome: .notAsked) }
            return CredentialSearch(steps: all, result: result)
        }
        for source in order {
            do {
                switch try await look(source) {
                case .found(let found):
                    let expiration = found.credentials.expiration
                    return end(.used(details: found.details, expiration: expiration), .success(found))
                case .absent(let reason):
                    steps.append(CredentialStep(source: source, outcome: .skipped(reason)))
                }
            } catch let error as AWSError {
                return end(.failed(error.message), .failure(error))
            }
        }
        return CredentialSearch(steps: steps, result: .failure(nothing(steps)))
    }

    /// A profile that was configured for this project is asked alone. One that names a role to assume with other credentials comes
    /// before the web identity of the environment, which Kubernetes gives to every process; one with keys comes after it.
    private var order: [CredentialSource] {
        if settings.hasConfiguredProfile { return [.profile, .environment, .webIdentity, .container, .instance] }
        let profile = (try? settings.profile(settings.profileName)) ?? [:]
        let assumesRole = profile["role_arn"] != nil && profile["web_identity_token_file"] == nil
        return assumesRole
            ? [.environment, .profile, .webIdentity, .container, .instance]
            : [.environment, .webIdentity, .profile, .container, .instance]
    }

    private func look(_ source: CredentialSource) async throws -> CredentialFinding {
        switch source {
        case .environment: try EnvironmentCredentials(settings: settings).find()
        case .webIdentity: try await WebIdentity.find(settings)
        case .profile: try await ProfileCredentials(settings: settings).find()
        case .container: try await ContainerCredentials(settings: settings).find()
        case .instance: try await InstanceCredentials(settings: settings).find()
        }
    }

    private func nothing(_ steps: [CredentialStep]) -> AWSError {
        AWSError(
            .unauthorized,
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put the profile "
                + "\(settings.profileName) into \(settings.credentialsPath) ("
                + steps.map(\.description).joined(separator: "; ") + ")")
    }
}
