import Faults
import FoundationEssentials
import Untrusted

/// What the environment and the files of AWS's own tools say. Files are read again for each question: they change while
/// services run.
struct AWSSettings: Sendable {
    let environment: [String: String]
    private let configuredProfile: String?
    /// The text of the file at a path; `nil` where there is none. Throws `unauthorized` for one that cannot be read.
    let readFile: Reader

    typealias Reader = @Sendable (_ path: String) throws(AWSError) -> String?

    init(environment: [String: String], profile: String?, readFile: @escaping Reader) {
        self.environment = environment
        configuredProfile = profile
        self.readFile = readFile
    }

    /// An empty variable counts as absent.
    func variable(_ name: String) -> String? {
        environment.variable(name)
    }

    /// Whether keys in the environment are not looked at.
    var hasConfiguredProfile: Bool { configuredProfile != nil }

    /// The variable that chooses a profile, and the profile. botocore looks at `AWS_DEFAULT_PROFILE` first.
    var chosenProfile: (variable: String, name: String)? {
        for name in ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"] {
            if let value = variable(name) { return (name, value) }
        }
        return nil
    }

    var profileName: String { configuredProfile ?? chosenProfile?.name ?? "default" }

    /// A profile's settings of both files; the credentials file's beat the config file's. `nil` where neither has the profile.
    ///
    /// - Throws: `unauthorized` for a file that is there and cannot be read.
    func profile(_ name: String) throws(AWSError) -> [String: String]? {
        let config = try readFile(configPath).flatMap { ProfileFile($0).profile(name) }
        let credentials = try readFile(credentialsPath).flatMap { ProfileFile($0).profile(name) }
        guard config != nil || credentials != nil else { return nil }
        return (config ?? [:]).merging(credentials ?? [:]) { _, ours in ours }
    }

    /// The chosen profile's setting; `nil` also where its file cannot be read, which the search for credentials reports.
    private func setting(_ name: String) -> String? { (try? profile(profileName))?[name] }

    func region(or fallback: String?) throws(AWSError) -> String {
        let named = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? setting("region")
        guard let region = named ?? fallback else {
            throw AWSError(.unavailable, "no AWS region: set AWS_REGION, or region in the profile \(profileName)")
        }
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { throw AWSError(.unavailable, "the AWS region \(region.debugDescription) is no region's name") }
        return region
    }

    /// The service's own variable, the general one, the `services` section of the profile, the profile.
    func endpoint(_ service: AWSService) -> String? {
        var text = variable("AWS_ENDPOINT_URL_\(service.variable)") ?? variable("AWS_ENDPOINT_URL")
        if text == nil {
            let section = setting("services").flatMap { name in
                (try? readFile(configPath)).flatMap { ProfileFile($0).section("services \(name)") }
            }
            text = section?["\(service.variable.lowercased()).endpoint_url"] ?? setting("endpoint_url")
        }
        guard var url = text else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }

    /// The region in whose STS roles are assumed: the one that is configured, or `aws-global` for regions from before 2019 under
    /// `AWS_STS_REGIONAL_ENDPOINTS=legacy`.
    func regionOfSTS(_ region: String) throws(AWSError) -> String {
        switch (variable("AWS_STS_REGIONAL_ENDPOINTS") ?? setting("sts_regional_endpoints"))?.lowercased() {
        case nil, "regional": return region
        case "legacy": return AWSService.regionsOfGlobalSTS.contains(region) ? AWSService.global : region
        case .some(let other):
            throw AWSError(
                .unauthorized,
                "AWS_STS_REGIONAL_ENDPOINTS: expected regional or legacy, found \(other.bounded(to: 40).debugDescription)"
            )
        }
    }

    var certificates: String? { variable("AWS_CA_BUNDLE") ?? setting("ca_bundle") }

    var addressingStyle: String? {
        variable("UNDERSTUDY_S3_ADDRESSING") ?? setting("s3.addressing_style")
    }

    var maximumAttempts: Int {
        let text = variable("AWS_MAX_ATTEMPTS") ?? setting("max_attempts")
        return min(max(text.flatMap { Int($0) } ?? 3, 1), 10)
    }

    var credentialsPath: String { path("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials" }
    var configPath: String { path("AWS_CONFIG_FILE") ?? "\(home)/.aws/config" }
    private var home: String { HomeFolder.path(environment) ?? "/nonexistent" }

    private func path(_ name: String) -> String? {
        variable(name).map { HomeFolder.expand($0, environment) }
    }

    /// Files that variables name and that are not there, e.g. `AWS_CONFIG_FILE: there is no file /etc/aws`.
    var missingFiles: [String] {
        [("AWS_SHARED_CREDENTIALS_FILE", credentialsPath), ("AWS_CONFIG_FILE", configPath)].compactMap { name, path in
            variable(name) != nil && isMissing(path) ? "\(name): there is no file \(path)" : nil
        }
    }

    private func isMissing(_ path: String) -> Bool {
        do {
            return try readFile(path) == nil
        } catch {
            // It is there, and cannot be read: the search for credentials reports that.
            return false
        }
    }
}
