// SPDX-License-Identifier: Apache-2.0

import Faults

/// Credentials of a profile in `~/.aws/credentials` and `~/.aws/config`: a role to assume, keys, or a `credential_process`.
struct ProfileCredentials: Sendable {
    /// Maximum length of a chain of `source_profile` settings.
    private static let maximumDepth = 5
    /// Settings that require interactive sign-in or a token cache.
    private static let unsupported = [
        "sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "login_session",
    ]

    let settings: AWSSettings

    /// What to do with a profile that only AWS's own tools support.
    static func advice(_ name: String) -> String {
        let command = "aws configure export-credentials --profile \(name) --format"
        return "use a profile with credential_process = \(command) process, or export keys by "
            + "eval \"$(\(command) env)\""
    }

    /// Looks up the credentials of the selected profile.
    ///
    /// - Throws: `AWSError`, `unauthorized` if the profile is missing or invalid; `CancellationError`.
    func find() async throws -> CredentialLookupResult {
        let name = settings.profileName
        let isChosen = settings.hasConfiguredProfile || settings.chosenProfile != nil
        if !isChosen, try settings.profile(name) == nil {
            return .absent(
                "there is no profile \(name) in \(settings.credentialsPath) or \(settings.configPath)\(missingFiles)")
        }
        if let resolved = try await resolve(name, depth: 0) { return .found(resolved) }
        guard name == "default", !settings.hasConfiguredProfile else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has no keys, no role and no credential_process")
        }
        return .absent("the profile \(name) has no keys, no role and no credential_process")
    }

    /// Resolves a profile, following its `source_profile`.
    ///
    /// - Returns: `nil` if no setting of the profile provides credentials.
    private func resolve(_ name: String, depth: Int) async throws -> ResolvedCredentials? {
        guard let profile = try settings.profile(name) else {
            let variable = settings.hasConfiguredProfile ? nil : settings.chosenProfile?.variable
            throw AWSError(
                .unauthorized,
                "there is no AWS profile \(name): add it to \(settings.credentialsPath), or correct "
                    + "\(variable ?? "UNDERSTUDY_AWS_PROFILE")\(missingFiles)")
        }
        guard depth < Self.maximumDepth else {
            throw AWSError(.unauthorized, "the AWS profile \(name): its source_profile settings form a cycle")
        }
        func resolved(_ credentials: AWSCredentials, _ details: String) -> ResolvedCredentials {
            ResolvedCredentials(
                credentials: credentials, source: "the profile \(name)\(details.isEmpty ? "" : ", \(details)")",
                details: "profile \(name)\(details.isEmpty ? "" : ", \(details)")")
        }
        if let path = profile["web_identity_token_file"] {
            return resolved(try await webIdentity(name, profile, path), "role \(profile["role_arn"] ?? "")")
        }
        if let role = profile["role_arn"] {
            let source = try await roleSource(name, profile, depth: depth)
            let credentials = try await AssumedRole(settings: settings, profile: name, role: role, options: profile)
                .credentials(source)
            return resolved(credentials, "role \(role)")
        }
        if let keys = try keys(name, profile) { return resolved(keys, "") }
        if let command = profile["credential_process"] {
            let credentials = try await ProcessCredentials(command: command, profile: name).credentials()
            return resolved(credentials, "credential_process")
        }
        if let setting = Self.unsupported.first(where: { profile[$0] != nil }) {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(name) uses \(setting), which is not supported here: \(Self.advice(name))")
        }
        return nil
    }

    /// A suffix for messages that lists missing files named by variables.
    private var missingFiles: String {
        let missing = settings.missingFiles
        return missing.isEmpty ? "" : " (\(missing.joined(separator: "; ")))"
    }

    private func keys(_ name: String, _ profile: [String: String]) throws(AWSError) -> AWSCredentials? {
        let (idName, secretName) = ("aws_access_key_id", "aws_secret_access_key")
        let (id, secret) = (profile[idName], profile[secretName])
        if id == nil, secret == nil { return nil }
        guard let id, !id.isEmpty else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has an \(secretName) but no \(idName)")
        }
        guard let secret, !secret.isEmpty else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has an \(idName) but no \(secretName)")
        }
        func field(_ setting: String, _ text: String) -> AWSCredentials.Field {
            .init("\(setting) of the AWS profile \(name)", text)
        }
        let token = profile["aws_session_token"].map { field("aws_session_token", $0) }
        return try AWSCredentials(id: field(idName, id), secret: field(secretName, secret), token: token)
    }

    private func webIdentity(_ name: String, _ profile: [String: String], _ path: String) async throws -> AWSCredentials
    {
        guard let role = profile["role_arn"] else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has a web_identity_token_file but no role_arn")
        }
        return try await WebIdentityCredentials(
            settings: settings, role: role, tokenFile: path,
            setting: "web_identity_token_file of the AWS profile \(name)", sessionName: profile["role_session_name"],
            duration: profile["duration_seconds"]
        ).credentials()
    }

    /// The credentials that assume the role.
    private func roleSource(_ name: String, _ profile: [String: String], depth: Int) async throws -> AWSCredentials {
        switch (profile["source_profile"], profile["credential_source"]) {
        case (.some, .some):
            throw AWSError(
                .unauthorized, "the AWS profile \(name) has both source_profile and credential_source: remove one")
        case (nil, nil):
            throw AWSError(
                .unauthorized, "the AWS profile \(name) has a role_arn but no source_profile or credential_source")
        case (.some(let source), nil):
            // A profile may contain the keys for its own role.
            if source == name, let keys = try keys(name, profile) { return keys }
            if let resolved = try await resolve(source, depth: depth + 1) { return resolved.credentials }
            throw AWSError(.unauthorized, "the AWS profile \(source), source of \(name), has no credentials")
        case (nil, .some(let source)):
            return try await credentials(source: source, name)
        }
    }

    private func credentials(source: String, _ name: String) async throws -> AWSCredentials {
        let result: CredentialLookupResult
        switch source {
        case "Environment": result = try EnvironmentCredentials(settings: settings).find()
        case "EcsContainer": result = try await ContainerCredentials(settings: settings).find()
        case "Ec2InstanceMetadata": result = try await InstanceCredentials(settings: settings).find()
        default:
            throw AWSError(
                .unauthorized,
                "the AWS profile \(name): credential_source is \(source), expected Environment, EcsContainer or "
                    + "Ec2InstanceMetadata")
        }
        switch result {
        case .found(let resolved): return resolved.credentials
        case .absent(let reason):
            throw AWSError(
                .unauthorized, "the AWS profile \(name): its credential_source \(source) has no credentials: \(reason)")
        }
    }
}
