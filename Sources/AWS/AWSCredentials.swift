/// Keys that sign requests.
package struct AWSCredentials: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// The secret stays one, wherever the value is printed.
    package var description: String { "credentials of \(accessKeyID)" }
    package var debugDescription: String { description }
}

/// Who signs, and where: read from the environment and from the files that AWS's own tools use.
package struct AWSProfile: Sendable {
    /// `nil` where none were found.
    package let credentials: AWSCredentials?
    /// `nil` where none is configured.
    package let region: String?
    private let environment: [String: String]
    private let settings: [String: String]

    /// Reads the environment, then the profile's part of the credentials and the configuration file.
    ///
    /// - Parameters:
    ///   - profile: beats the keys in the environment; `AWS_PROFILE` and `default` do not.
    ///   - readFile: the text of a file; `nil` where there is none.
    package init(
        environment: [String: String], profile: String? = nil, readFile: (String) -> String?
    ) {
        self.environment = environment
        let home = environment["HOME"] ?? ""
        let name = profile ?? environment["AWS_PROFILE"] ?? "default"
        let credentialsFile = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
        let configFile = environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
        let keys = Self.section(name, in: readFile(credentialsFile) ?? "")
        let settings = Self.section(name == "default" ? name : "profile \(name)", in: readFile(configFile) ?? "")
        self.settings = settings
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? settings["region"]
        let fromEnvironment = Self.keys(
            environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"])
        let fromFiles = [keys, settings].lazy.compactMap {
            Self.keys($0["aws_access_key_id"], $0["aws_secret_access_key"], $0["aws_session_token"])
        }.first
        credentials = profile == nil ? fromEnvironment ?? fromFiles : fromFiles
    }

    /// The endpoint that a service is told to use, as `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL` or the profile says.
    ///
    /// - Parameter service: `S3`, `MEDIACONVERT`, `CLOUDWATCH_LOGS`, `IAM`, `STS`.
    package func endpoint(_ service: String) -> String? {
        environment["AWS_ENDPOINT_URL_\(service)"] ?? environment["AWS_ENDPOINT_URL"] ?? settings["endpoint_url"]
    }

    private static func keys(_ id: String?, _ secret: String?, _ token: String?) -> AWSCredentials? {
        guard let id, let secret, !id.isEmpty, !secret.isEmpty else { return nil }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: token.flatMap { $0.isEmpty ? nil : $0 })
    }

    private static func section(_ name: String, in text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("["), line.hasSuffix("]") {
                isInside = line.dropFirst().dropLast().trimmed == name
            } else if isInside, !line.hasPrefix("#"), !line.hasPrefix(";"), let equals = line.firstIndex(of: "=") {
                values[line[..<equals].trimmed] = line[line.index(after: equals)...].trimmed
            }
        }
        return values
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
