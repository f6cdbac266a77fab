import Faults
import FoundationEssentials
package import HTTP
import Synchronization
import Untrusted

/// Which account, region and endpoints to use, from the environment and the files of AWS's own tools.
///
/// Credentials come, in order, from the profile that was configured, from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
/// `AWS_SESSION_TOKEN`, from the web identity in `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, from the profile
/// `AWS_DEFAULT_PROFILE`, `AWS_PROFILE` or `default` in `~/.aws/credentials` and `~/.aws/config` (`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`; a role to assume, keys, or a
/// `credential_process`), from the container (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, `_FULL_URI`), from the machine's metadata (IMDSv2).
/// They are kept for a minute, or until five minutes before they expire. See `CredentialChain`.
package final class AWSAccount: CredentialProvider {
    let settings: AWSSettings
    private let cache: CredentialCache

    /// - Parameters:
    ///   - profile: the profile that beats keys in the environment.
    ///   - readFile: returns the text of the file at a path; `nil` where there is none.
    package init(
        environment: [String: String], profile: String? = nil,
        readFile: @escaping @Sendable (String) throws(AWSError) -> String? = AWSAccount.text
    ) {
        let settings = AWSSettings(environment: environment, profile: profile, readFile: readFile)
        self.settings = settings
        cache = CredentialCache { try await CredentialChain(settings: settings).search() }
    }

    /// The account as services are told it: by the environment, and by `UNDERSTUDY_AWS_PROFILE`, a profile that beats keys in the
    /// environment.
    package convenience init(ofService environment: [String: String]) {
        self.init(environment: environment, profile: environment.variable("UNDERSTUDY_AWS_PROFILE"))
    }

    /// The text of a file, at most 1 MiB; `nil` where there is none.
    package static func text(_ path: String) throws(AWSError) -> String? {
        do {
            return try TextFile.read(path, maximum: 1 << 20)
        } catch .absent {
            return nil
        } catch {
            throw AWSError(.unauthorized, "\(path) cannot be read: \(error)")
        }
    }

    /// - Throws: `AWSError`, `unauthorized` that says where credentials may be put; or `CancellationError`.
    package func credentials() async throws -> AWSCredentials { try await cache.current().credentials }

    /// These do not work any more.
    package func forget(_ credentials: AWSCredentials) { cache.forget(credentials) }

    /// Where the credentials were found, e.g. `the environment` or `the profile default2`.
    package func source() async throws -> String { try await cache.current().source }

    /// Every place where credentials are looked for, in order, and what is there. Nothing in it is secret.
    ///
    /// - Throws: `CancellationError`.
    package func credentialSteps() async throws -> [CredentialStep] {
        do {
            _ = try await cache.current()
        } catch is AWSError {
            // The steps show it.
        }
        return cache.steps
    }

    /// - Throws: `unavailable` that says how to choose one.
    package func region() throws(AWSError) -> String { try settings.region(or: nil) }

    func region(or fallback: String?) throws(AWSError) -> String { try settings.region(or: fallback) }

    /// Where a service is instead of at its usual host, e.g. `http://127.0.0.1:5000`, without a slash at the end.
    package func endpoint(_ service: AWSService) -> String? { settings.endpoint(service) }

    /// Files with profiles that variables name and that are not there, e.g. `AWS_CONFIG_FILE: there is no file /etc/aws`.
    package var missingFiles: [String] { settings.missingFiles }

    /// The path of a PEM file with the authorities to trust, where one is configured.
    package var certificates: String? { settings.certificates }

    /// `UNDERSTUDY_S3_ADDRESSING`, else the profile's `addressing_style`: `path` or `virtual`.
    var addressingStyle: String? { settings.addressingStyle }

    /// `AWS_MAX_ATTEMPTS`; 3 if absent.
    var maximumAttempts: Int { settings.maximumAttempts }
}

extension AWSClient {
    /// A client that signs with the account's credentials.
    ///
    /// - Parameter http: one that trusts the account's authorities if absent.
    package convenience init(account: AWSAccount, http: HTTPClient? = nil) {
        self.init(settings: account.settings, http: http, identity: .account(account))
    }
}
