import FoundationEssentials

/// Which account, region and endpoints to use, from the environment and the files of AWS's own tools.
///
/// Credentials come, in order, from the profile that was configured, from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
/// `AWS_SESSION_TOKEN`, from the profile `AWS_PROFILE` or `default` in `~/.aws/credentials` and `~/.aws/config`
/// (`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`). Files are read again for each question: keys change while services run.
package struct AWSAccount: Sendable {
    private let environment: [String: String]
    private let configuredProfile: String?
    private let readFile: @Sendable (String) -> String?

    /// - Parameters:
    ///   - profile: the profile that beats keys in the environment.
    ///   - readFile: -> the text of the file at a path; `nil` where there is none.
    package init(
        environment: [String: String], profile: String? = nil,
        readFile: @escaping @Sendable (String) -> String? = { try? String(contentsOfFile: $0, encoding: .utf8) }
    ) {
        self.environment = environment
        configuredProfile = profile
        self.readFile = readFile
    }

    /// - Throws: `unauthorized` that says where credentials may be put.
    package func credentials() throws(AWSError) -> AWSCredentials {
        if configuredProfile == nil, let id = variable("AWS_ACCESS_KEY_ID") {
            guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
                throw AWSError(.unauthorized, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both")
            }
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: variable("AWS_SESSION_TOKEN"))
        }
        let settings = profile
        if let id = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"],
            settings["role_arn"] == nil
        {
            return AWSCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
        }
        for way in ["role_arn", "credential_process", "sso_session", "sso_start_url"] where settings[way] != nil {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(profileName) uses \(way), which is not supported here: put keys into the environment,"
                    + " e.g. by: eval \"$(aws configure export-credentials --profile \(profileName) --format env)\"")
        }
        throw AWSError(
            .unauthorized,
            "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put the profile \(profileName) into "
                + credentialsPath)
    }

    /// - Throws: `unavailable` that says how to choose one.
    package func region() throws(AWSError) -> String {
        if let region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? profile["region"] {
            guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
            else { throw AWSError(.unavailable, "the AWS region \(region.debugDescription) is no region's name") }
            return region
        }
        throw AWSError(.unavailable, "no AWS region: set AWS_REGION, or region in the profile \(profileName)")
    }

    /// Where a service is instead of at its usual host, e.g. `http://127.0.0.1:5000`, without a slash at the end.
    ///
    /// - Parameter service: as in the variable's name, e.g. `S3`, `CLOUDWATCH_LOGS`.
    package func endpoint(_ service: String) -> String? {
        let text = variable("AWS_ENDPOINT_URL_\(service)") ?? variable("AWS_ENDPOINT_URL") ?? profile["endpoint_url"]
        return text.map { text in
            var text = text
            while text.hasSuffix("/") { text.removeLast() }
            return text
        }
    }

    /// The path of a PEM file with the authorities to trust, where one is configured.
    package var certificates: String? { variable("AWS_CA_BUNDLE") ?? profile["ca_bundle"] }

    private var profileName: String { configuredProfile ?? variable("AWS_PROFILE") ?? "default" }

    /// The credentials file's settings beat the config file's.
    private var profile: [String: String] {
        let config = readFile(configPath).flatMap { ProfileFile($0).profile(profileName) } ?? [:]
        let credentials = readFile(credentialsPath).flatMap { ProfileFile($0).profile(profileName) } ?? [:]
        return config.merging(credentials) { _, ours in ours }
    }

    private var credentialsPath: String { variable("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials" }
    private var configPath: String { variable("AWS_CONFIG_FILE") ?? "\(home)/.aws/config" }
    private var home: String { variable("HOME") ?? "/nonexistent" }

    private func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
