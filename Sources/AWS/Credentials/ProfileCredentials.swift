import Faults

/// Credentials of a profile of `~/.aws/credentials` and `~/.aws/config`: a role to assume, keys, or a program that prints them.
struct ProfileCredentials: Sendable {
    /// Profiles that lead to each other at the most.
    private static let depth = 5
    /// Settings of profiles that need a browser, a person or a store of tokens.
    private static let unsupported = [
        "sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "login_session",
    ]

    let settings: AWSSettings

    /// What to do about a profile that only AWS's own tools can use.
    static func advice(_ name: String) -> String {
        let command = "aws configure export-credentials --profile \(name) --format"
        return "use a profile with credential_process = \(command) process, or put keys into the environment by "
            + "eval \"$(\(command) env)\""
    }

    /// The chosen profile's.
    func find() async throws -> CredentialFinding {
        let name = settings.profileName
        let isChosen = settings.hasConfiguredProfile || settings.chosenProfile != nil
        if !isChosen, try settings.profile(name) == nil {
            return .absent(
                "there is no profile \(name) in \(settings.credentialsPath) or \(settings.configPath)\(missingFiles)")
        }
        if let found = try await find(name, depth: 0) { return .found(found) }
        guard name == "default", !settings.hasConfiguredProfile else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has no credentials: no keys, no role, no process")
        }
        return .absent("the profile \(name) has no keys, no role and no credential_process")
    }

    /// `nil` for a profile without a setting that gives credentials.
    private func find(_ name: String, depth: Int) async throws -> FoundCredentials? {
        guard let profile = try settings.profile(name) else {
            let variable = settings.hasConfiguredProfile ? nil : settings.chosenProfile?.variable
            throw AWSError(
                .unauthorized,
                "there is no AWS profile \(name): put it into \(settings.credentialsPath), or correct "
                    + "\(variable ?? "UNDERSTUDY_AWS_PROFILE")\(missingFiles)")
        }
        guard depth < Self.depth else {
            throw AWSError(.unauthorized, "the AWS profile \(name): its source_profile leads in a circle")
        }
        func found(_ credentials: AWSCredentials, _ details: String) -> FoundCredentials {
            FoundCredentials(
                credentials: credentials, source: "the profile \(name)\(details.isEmpty ? "" : ", \(details)")",
                details: "profile \(name)\(details.isEmpty ? "" : ", \(details)")")
        }
        if let path = profile["web_identity_token_file"] {
            return found(try await webIdentity(name, profile, path), "role \(profile["role_arn"] ?? "")")
        }
        if let role = profile["role_arn"] {
            let base = try await sourceOfRole(name, profile, depth: depth)
            let credentials = try await AssumedRole(settings: settings, profile: name, role: role, options: profile)
                .credentials(base)
            return found(credentials, "role \(role)")
        }
        if let keys = try keys(name, profile) { return found(keys, "") }
        if let command = profile["credential_process"] {
            let credentials = try await ProcessCredentials(command: command, profile: name).credentials()
            return found(credentials, "credential_process")
        }
        if let setting = Self.unsupported.first(where: { profile[$0] != nil }) {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(name) uses \(setting), which is not supported here: \(Self.advice(name))")
        }
        return nil
    }

    /// Words about files that variables name and that are not there.
    private var missingFiles: String {
        let missing = settings.missingFiles
        return missing.isEmpty ? "" : " (\(missing.joined(separator: "; ")))"
    }

    private func keys(_ name: String, _ profile: [String: String]) throws(AWSError) -> AWSCredentials? {
        let (idName, secretName) = ("aws_access_key_id", "aws_secret_access_key")
        let (id, secret) = (profile[idName], profile[secretName])
        if id == nil, secret == nil { return nil }
        guard let id, !id.isEmpty else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has an \(secretName) and no \(idName)")
        }
        guard let secret, !secret.isEmpty else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has an \(idName) and no \(secretName)")
        }
        func part(_ setting: String, _ text: String) -> AWSCredentials.Part {
            .init("\(setting) of the AWS profile \(name)", text)
        }
        let token = profile["aws_session_token"].map { part("aws_session_token", $0) }
        return try AWSCredentials(id: part(idName, id), secret: part(secretName, secret), token: token)
    }

    private func webIdentity(_ name: String, _ profile: [String: String], _ path: String) async throws -> AWSCredentials
    {
        guard let role = profile["role_arn"] else {
            throw AWSError(.unauthorized, "the AWS profile \(name) has a web_identity_token_file and no role_arn")
        }
        return try await WebIdentity(
            settings: settings, role: role, tokenFile: path,
            setting: "web_identity_token_file of the AWS profile \(name)", sessionName: profile["role_session_name"],
            duration: profile["duration_seconds"]
        ).credentials()
    }

    /// The credentials that ask for the role.
    private func sourceOfRole(_ name: String, _ profile: [String: String], depth: Int) async throws -> AWSCredentials {
        switch (profile["source_profile"], profile["credential_source"]) {
        case (.some, .some):
            throw AWSError(
                .unauthorized, "the AWS profile \(name) has both source_profile and credential_source: remove one")
        case (nil, nil):
            throw AWSError(
                .unauthorized, "the AWS profile \(name) has a role_arn and neither source_profile nor credential_source"
            )
        case (.some(let source), nil):
            // A profile may hold the keys for its own role.
            if source == name, let keys = try keys(name, profile) { return keys }
            if let found = try await find(source, depth: depth + 1) { return found.credentials }
            throw AWSError(.unauthorized, "the AWS profile \(source), source of \(name), has no credentials")
        case (nil, .some(let source)):
            return try await credentials(source: source, name)
        }
    }

    private func credentials(source: String, _ name: String) async throws -> AWSCredentials {
        let finding: CredentialFinding
        switch source {
        case "Environment": finding = try EnvironmentCredentials(settings: settings).find()
        case "EcsContainer": finding = try await ContainerCredentials(settings: settings).find()
        case "Ec2InstanceMetadata": finding = try await InstanceCredentials(settings: settings).find()
        default:
            throw AWSError(
                .unauthorized,
                "the AWS profile \(name): credential_source is \(source), expected Environment, EcsContainer or "
                    + "Ec2InstanceMetadata")
        }
        switch finding {
        case .found(let found): return found.credentials
        case .absent(let reason):
            throw AWSError(
                .unauthorized, "the AWS profile \(name): its credential_source \(source) has no credentials: \(reason)")
        }
    }
}
