import Faults
import FoundationEssentials
import Subprocess
import SystemPackage
import Untrusted

/// Credentials that a program of the user's own prints: `credential_process` of a profile.
struct ProcessCredentials: Sendable {
    private static let seconds = 60.0

    let command: String
    /// Whose program it is, for messages.
    let profile: String

    /// What the program prints, and what metadata services answer.
    struct Answer: Decodable {
        /// Of the format; programs print 1.
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

        /// - Parameter whose: how errors name the keys.
        /// - Throws: `unauthorized` for what is no key.
        func credentials(of whose: String) throws(AWSError) -> AWSCredentials {
            let token = (sessionToken ?? token).map { AWSCredentials.Part("\(whose): the session token", $0) }
            return try AWSCredentials(
                id: .init("\(whose): AccessKeyId", accessKeyID),
                secret: .init("\(whose): SecretAccessKey", secretAccessKey), token: token,
                expiration: expiration.flatMap(ExpirationTime.seconds))
        }
    }

    /// - Throws: `unauthorized` with what the program said on standard error; what it printed is never told.
    func credentials() async throws -> AWSCredentials {
        func refuse(_ reason: String) -> AWSError {
            AWSError(.unauthorized, "the credential_process of the AWS profile \(profile) \(reason)")
        }
        let printed: (isSuccess: Bool, output: String, error: String)?
        do {
            printed = try await withThrowingTaskGroup(of: (isSuccess: Bool, output: String, error: String)?.self) {
                [command] group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .path("/bin/sh"), arguments: ["-c", command], output: .string(limit: 65_536),
                        error: .string(limit: 65_536))
                    return (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(Self.seconds))
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch let error as SubprocessError {
            throw refuse("cannot be run: \(error)")
        }
        guard let printed else { throw refuse("did not end within \(Int(Self.seconds)) s") }
        guard printed.isSuccess else {
            let words = printed.error.split(whereSeparator: \.isNewline).last.map {
                ": \($0.bounded(to: 300).printable())"
            }
            throw refuse("failed\(words ?? "")")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(printed.output.utf8)) else {
            throw refuse("printed no JSON object with AccessKeyId and SecretAccessKey")
        }
        guard (answer.version ?? 1) == 1 else { throw refuse("printed an unknown Version: expected 1") }
        return try answer.credentials(of: "the credential_process of the AWS profile \(profile)")
    }
}
