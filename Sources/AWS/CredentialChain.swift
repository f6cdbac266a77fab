import FoundationEssentials
import HTTP

/// Looks for credentials in all places, in their order.
struct CredentialChain: Sendable {
    /// Profiles that lead to each other at the most.
    private static let depth = 5

    let settings: AWSSettings

    /// - Throws: `unauthorized` that says where credentials may be put, or what is wrong with those that are there.
    func find() async throws -> FoundCredentials {
        if !settings.hasConfiguredProfile, let keys = try environment() {
            return FoundCredentials(credentials: keys, source: "the environment")
        }
        let name = settings.profileName
        if settings.profile(name) != nil || settings.hasConfiguredProfile || settings.variable("AWS_PROFILE") != nil {
            if let found = try await profile(name, depth: 0) { return found }
        }
        if let found = try await MetadataCredentials(settings: settings).find() { return found }
        throw AWSError(
            .unauthorized,
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put the profile \(name) into "
                + settings.credentialsPath)
    }

    private func environment() throws(AWSError) -> AWSCredentials? {
        guard let id = settings.variable("AWS_ACCESS_KEY_ID") else { return nil }
        guard let secret = settings.variable("AWS_SECRET_ACCESS_KEY") else {
            throw AWSError(.unauthorized, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both")
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: settings.variable("AWS_SESSION_TOKEN"))
    }

    /// `nil` for the profile `default` that says nothing of credentials.
    private func profile(_ name: String, depth: Int) async throws -> FoundCredentials? {
        guard let profile = settings.profile(name) else {
            throw AWSError(
                .unauthorized,
                "there is no AWS profile \(name): put it into \(settings.credentialsPath), or correct AWS_PROFILE or "
                    + "UNDERSTUDY_AWS_PROFILE")
        }
        guard depth < Self.depth else {
            throw AWSError(.unauthorized, "the AWS profile \(name): its source_profile leads in a circle")
        }
        let source = "the profile \(name)"
        if let role = profile["role_arn"] {
            let base = try await sourceOfRole(name, profile, depth: depth)
            let credentials = try await AssumedRole(settings: settings, profile: name, role: role, options: profile)
                .credentials(base.credentials)
            return FoundCredentials(credentials: credentials, source: "\(source), role \(role)")
        }
        if let id = profile["aws_access_key_id"] {
            guard let secret = profile["aws_secret_access_key"], !secret.isEmpty, !id.isEmpty else {
                throw AWSError(
                    .unauthorized, "the AWS profile \(name) has an aws_access_key_id and no aws_secret_access_key")
            }
            let keys = AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"])
            return FoundCredentials(credentials: keys, source: source)
        }
        if let command = profile["credential_process"] {
            let credentials = try await ProcessCredentials(command: command, profile: name).credentials()
            return FoundCredentials(credentials: credentials, source: "\(source), credential_process")
        }
        for way in ["sso_session", "sso_start_url", "web_identity_token_file"] where profile[way] != nil {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(name) uses \(way), which is not spoken here: put keys into the environment, e.g. by: "
                    + "eval \"$(aws configure export-credentials --profile \(name) --format env)\"")
        }
        guard name == "default", !settings.hasConfiguredProfile else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has no credentials: no keys, no role, no process")
        }
        return nil
    }

    /// Who asks for the role.
    private func sourceOfRole(_ name: String, _ profile: [String: String], depth: Int) async throws -> FoundCredentials
    {
        if let source = profile["source_profile"] {
            // A profile may hold the keys for its own role.
            if source == name, let id = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
                let keys = AWSCredentials(
                    accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"])
                return FoundCredentials(credentials: keys, source: name)
            }
            if let found = try await self.profile(source, depth: depth + 1) { return found }
            throw AWSError(.unauthorized, "the AWS profile \(source), source of \(name), has no credentials")
        }
        switch profile["credential_source"] {
        case "Environment":
            if let keys = try environment() { return FoundCredentials(credentials: keys, source: "the environment") }
        case "Ec2InstanceMetadata", "EcsContainer":
            if let found = try await MetadataCredentials(settings: settings).find() { return found }
        default:
            throw AWSError(
                .unauthorized, "the AWS profile \(name) has a role_arn and neither source_profile nor credential_source"
            )
        }
        throw AWSError(.unauthorized, "the AWS profile \(name): its credential_source has no credentials")
    }
}
