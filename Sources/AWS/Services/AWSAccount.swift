// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
package import HTTP
import Synchronization
import Untrusted

/// The AWS account, region and endpoints to use, from the environment and from the shared AWS configuration files.
///
/// Credentials come from the first of these sources that is configured:
///
/// 1. the explicitly configured profile,
/// 2. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`,
/// 3. the web identity in `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`,
/// 4. the profile `AWS_DEFAULT_PROFILE`, `AWS_PROFILE` or `default` in `~/.aws/credentials` and `~/.aws/config`
///    (`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`): a role to assume, keys, or a `credential_process`,
/// 5. the container's agent (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, `_FULL_URI`),
/// 6. the instance metadata service (IMDSv2).
///
/// A profile that assumes a role precedes the web identity. Credentials are cached for a minute, or until five minutes before they expire.
///
///     let account = AWSAccount(environment: ProcessInfo.processInfo.environment)
///     print(try await account.credentialSource(), try account.region())
package final class AWSAccount: CredentialProvider {
    let settings: AWSSettings
    private let cache: CredentialCache

    /// Creates an account. Nothing is read before the first use.
    ///
    /// - Parameters:
    ///   - profile: a profile that takes precedence over keys in the environment.
    ///   - readFile: returns the text of the file at a path, or `nil` if it does not exist.
    package init(
        environment: [String: String], profile: String? = nil,
        readFile: @escaping @Sendable (String) throws(AWSError) -> String? = AWSAccount.readTextFile
    ) {
        let settings = AWSSettings(environment: environment, profile: profile, readFile: readFile)
        self.settings = settings
        cache = CredentialCache { try await CredentialChain(settings: settings).search() }
    }

    /// Creates the account of a service. `UNDERSTUDY_AWS_PROFILE` names a profile that takes precedence over keys in the environment.
    package convenience init(serviceEnvironment environment: [String: String]) {
        self.init(environment: environment, profile: environment.variable("UNDERSTUDY_AWS_PROFILE"))
    }

    /// Reads a UTF-8 text file of at most 1 MiB.
    ///
    /// - Returns: `nil` if the file does not exist.
    /// - Throws: `unauthorized` if it cannot be read.
    package static func readTextFile(_ path: String) throws(AWSError) -> String? {
        do {
            return try TextFile.read(path, maximum: 1 << 20)
        } catch .absent {
            return nil
        } catch {
            throw AWSError(.unauthorized, "\(path) cannot be read: \(error)")
        }
    }

    /// The current credentials, from the cache or from a new search.
    ///
    /// - Throws: `AWSError`, `unauthorized` with advice on where to configure credentials; `CancellationError`.
    package func credentials() async throws -> AWSCredentials { try await cache.current().credentials }

    /// Discards rejected credentials, so that the next call starts a new search.
    package func invalidate(_ credentials: AWSCredentials) { cache.invalidate(credentials) }

    /// The source of the current credentials, for example `the environment` or `the profile default2`.
    ///
    /// - Throws: `AWSError` if there are no credentials; `CancellationError`.
    package func credentialSource() async throws -> String { try await cache.current().source }

    /// The outcome of each credential source, in search order. Contains no secrets.
    ///
    /// - Throws: `CancellationError`.
    package func credentialSteps() async throws -> [CredentialStep] {
        do {
            _ = try await cache.current()
        } catch is AWSError {
            // The steps contain the error.
        }
        return cache.steps
    }

    /// The configured region.
    ///
    /// - Throws: `unavailable` with advice if no region is configured.
    package func region() throws(AWSError) -> String { try settings.region(or: nil) }

    func region(or fallback: String?) throws(AWSError) -> String { try settings.region(or: fallback) }

    /// The URL that overrides a service's endpoint, for example `http://127.0.0.1:5000`, without a trailing slash; `nil` for AWS's own.
    package func endpoint(_ service: AWSService) -> String? { settings.endpoint(service) }

    /// Configuration files that variables name but that do not exist, for example `AWS_CONFIG_FILE: there is no file /etc/aws`.
    package var missingFiles: [String] { settings.missingFiles }

    /// The path of a PEM file with the CA certificates to trust; `nil` for the system's.
    package var certificates: String? { settings.certificates }

    /// `UNDERSTUDY_S3_ADDRESSING`, otherwise the profile's `addressing_style`: `path` or `virtual`.
    var addressingStyle: String? { settings.addressingStyle }

    /// `AWS_MAX_ATTEMPTS`; 3 by default.
    var maximumAttempts: Int { settings.maximumAttempts }
}

extension AWSClient {
    /// Creates a client that signs with the account's credentials.
    ///
    /// - Parameter http: by default, a client that trusts the account's CA certificates.
    package convenience init(account: AWSAccount, http: HTTPClient? = nil) {
        self.init(settings: account.settings, http: http, identity: .account(account))
    }
}
