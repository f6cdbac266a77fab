// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Subprocess
import SystemPackage
import Untrusted

/// Credentials from the standard output of a program: `credential_process` of a profile.
struct ProcessCredentials: Sendable {
    /// Time limit of the program in seconds.
    private static let timeout = 60.0

    let command: String
    /// The profile's name, for messages.
    let profile: String

    /// The JSON document that programs print and metadata services return.
    struct Document: Decodable {
        /// The version of the format; programs print 1.
        var version: Int?
        var accessKeyID: String
        var secretAccessKey: String
        var sessionToken: String?
        var token: String?
        var expiration: String?

        private enum CodingKeys: String, CodingKey {
            case version = "Version"
            case accessKeyID = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case token = "Token"
            case expiration = "Expiration"
        }

        /// The validated credentials.
        ///
        /// - Parameter subject: the credentials in messages.
        /// - Throws: `unauthorized` if a value is not a key.
        func credentials(of subject: String) throws(AWSError) -> AWSCredentials {
            let token = (sessionToken ?? token).map { AWSCredentials.Field("\(subject): the session token", $0) }
            return try AWSCredentials(
                id: .init("\(subject): AccessKeyId", accessKeyID),
                secret: .init("\(subject): SecretAccessKey", secretAccessKey), token: token,
                expiration: expiration.flatMap(ExpirationTime.seconds))
        }
    }

    /// Runs the program.
    ///
    /// - Throws: `unauthorized` with the last line of standard error. Standard output is never reported because it may contain secrets.
    func credentials() async throws -> AWSCredentials {
        func failure(_ reason: String) -> AWSError {
            AWSError(.unauthorized, "the credential_process of the AWS profile \(profile) \(reason)")
        }
        let result: (isSuccess: Bool, output: String, error: String)?
        do {
            result = try await withThrowingTaskGroup(of: (isSuccess: Bool, output: String, error: String)?.self) {
                [command] group in
                group.addTask {
                    let process = try await Subprocess.run(
                        .path("/bin/sh"), arguments: ["-c", command], output: .string(limit: 65_536),
                        error: .string(limit: 65_536))
                    return (process.terminationStatus.isSuccess, process.standardOutput, process.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(Self.timeout))
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch let error as SubprocessError {
            throw failure("cannot be run: \(error)")
        }
        guard let result else { throw failure("did not end within \(Int(Self.timeout)) s") }
        guard result.isSuccess else {
            let reason = result.error.split(whereSeparator: \.isNewline).last.map {
                ": \($0.bounded(to: 300).printable())"
            }
            throw failure("failed\(reason ?? "")")
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(result.output.utf8)) else {
            throw failure("printed no JSON object with AccessKeyId and SecretAccessKey")
        }
        guard (document.version ?? 1) == 1 else { throw failure("printed an unknown Version: expected 1") }
        return try document.credentials(of: "the credential_process of the AWS profile \(profile)")
    }
}
