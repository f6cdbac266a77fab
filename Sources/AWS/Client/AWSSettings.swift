// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Untrusted

/// Settings from the environment and from the shared AWS configuration files. The files are read on each access because they may change
/// while services run.
struct AWSSettings: Sendable {
    let environment: [String: String]
    private let configuredProfile: String?
    /// Returns the text of a file, or `nil` if it does not exist. Throws `unauthorized` if it cannot be read.
    let readFile: Reader

    typealias Reader = @Sendable (_ path: String) throws(AWSError) -> String?

    init(environment: [String: String], profile: String?, readFile: @escaping Reader) {
        self.environment = environment
        configuredProfile = profile
        self.readFile = readFile
    }

    /// An environment variable; `nil` if it is not set or empty.
    func variable(_ name: String) -> String? {
        environment.variable(name)
    }

    /// Whether a profile was configured explicitly; it takes precedence over keys in the environment.
    var hasConfiguredProfile: Bool { configuredProfile != nil }

    /// The variable that selects a profile, and the profile's name. `AWS_DEFAULT_PROFILE` takes precedence, as in botocore.
    var chosenProfile: (variable: String, name: String)? {
        for name in ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"] {
            if let value = variable(name) { return (name, value) }
        }
        return nil
    }

    var profileName: String { configuredProfile ?? chosenProfile?.name ?? "default" }

    /// The settings of a profile, merged from both files; the credentials file takes precedence.
    ///
    /// - Returns: `nil` if neither file contains the profile.
    /// - Throws: `unauthorized` if a file exists but cannot be read.
    func profile(_ name: String) throws(AWSError) -> [String: String]? {
        let config = try readFile(configPath).flatMap { ProfileFile($0).profile(name) }
        let credentials = try readFile(credentialsPath).flatMap { ProfileFile($0).profile(name) }
        guard config != nil || credentials != nil else { return nil }
        return (config ?? [:]).merging(credentials ?? [:]) { _, credential in credential }
    }

    /// A setting of the selected profile; `nil` also if a file cannot be read, which the credential search reports.
    private func setting(_ name: String) -> String? { (try? profile(profileName))?[name] }

    /// The configured region.
    ///
    /// - Parameter fallback: used if no region is configured.
    /// - Throws: `unavailable` if there is no region, or its name is invalid.
    func region(or fallback: String?) throws(AWSError) -> String {
        let configured = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? setting("region")
        guard let region = configured ?? fallback else {
            throw AWSError(.unavailable, "no AWS region: set AWS_REGION, or region in the profile \(profileName)")
        }
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else {
            throw AWSError(.unavailable, "the AWS region \(region.debugDescription) is invalid; correct AWS_REGION")
        }
        return region
    }

    /// The URL that overrides a service's endpoint, without a trailing slash.
    ///
    /// In order of precedence: the service's variable, the general variable, the profile's `services` section, the profile.
    func endpoint(_ service: AWSService) -> String? {
        var text = variable("AWS_ENDPOINT_URL_\(service.variableSuffix)") ?? variable("AWS_ENDPOINT_URL")
        if text == nil {
            let section = setting("services").flatMap { name in
                (try? readFile(configPath)).flatMap { ProfileFile($0).section("services \(name)") }
            }
            text = section?["\(service.variableSuffix.lowercased()).endpoint_url"] ?? setting("endpoint_url")
        }
        guard var url = text else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }

    /// The region whose STS endpoint is used: the configured one, or `aws-global` for older regions if
    /// `AWS_STS_REGIONAL_ENDPOINTS=legacy`.
    func stsRegion(_ region: String) throws(AWSError) -> String {
        switch (variable("AWS_STS_REGIONAL_ENDPOINTS") ?? setting("sts_regional_endpoints"))?.lowercased() {
        case nil, "regional": return region
        case "legacy": return AWSService.globalSTSRegions.contains(region) ? AWSService.globalRegion : region
        case .some(let other):
            throw AWSError(
                .unauthorized,
                "AWS_STS_REGIONAL_ENDPOINTS: expected regional or legacy, found \(other.bounded(to: 40).debugDescription)"
            )
        }
    }

    /// The path of a PEM file with the CA certificates to trust.
    var certificates: String? { variable("AWS_CA_BUNDLE") ?? setting("ca_bundle") }

    /// The S3 addressing style, `path` or `virtual`; `nil` to choose by endpoint.
    var addressingStyle: String? {
        variable("UNDERSTUDY_S3_ADDRESSING") ?? setting("s3.addressing_style")
    }

    /// Maximum number of attempts for a request, 1 to 10; 3 by default.
    var maximumAttempts: Int {
        let text = variable("AWS_MAX_ATTEMPTS") ?? setting("max_attempts")
        return min(max(text.flatMap { Int($0) } ?? 3, 1), 10)
    }

    var credentialsPath: String { path("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials" }
    var configPath: String { path("AWS_CONFIG_FILE") ?? "\(home)/.aws/config" }
    private var home: String { PathExpansion.homeDirectory(environment) ?? "/nonexistent" }

    private func path(_ name: String) -> String? {
        variable(name).map { PathExpansion.expand($0, environment) }
    }

    /// Files that variables name but that do not exist, for example `AWS_CONFIG_FILE: there is no file /etc/aws`.
    var missingFiles: [String] {
        [("AWS_SHARED_CREDENTIALS_FILE", credentialsPath), ("AWS_CONFIG_FILE", configPath)].compactMap { name, path in
            variable(name) != nil && isMissing(path) ? "\(name): there is no file \(path)" : nil
        }
    }

    private func isMissing(_ path: String) -> Bool {
        do {
            return try readFile(path) == nil
        } catch {
            // The file exists but cannot be read; the credential search reports that.
            return false
        }
    }
}
