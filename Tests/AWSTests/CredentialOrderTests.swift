import Foundation
import JSONRPC
import StandIns
import Testing

@testable import AWS

/// The order of places, compared with botocore's.
@Suite struct CredentialOrderTests {
    private static let keys = "aws_access_key_id = k\naws_secret_access_key = s\n"
    private static let process =
        #"credential_process = printf '{"Version":1,"AccessKeyId":"P1","SecretAccessKey":"P2"}'"#
    private static let role = "role_arn = arn:aws:iam::123456789012:role/films\n"
    /// The profile `default` in both files.
    private static let profiles = [
        (config: "", keys: ""), (config: "[default]\nregion = us-east-1\n", keys: ""),
        (config: "", keys: "[default]\n\(keys)"), (config: "[default]\n\(process)\n", keys: ""),
        (config: "[default]\n\(process)\n", keys: "[default]\n\(keys)"),
        (config: "[default]\n\(role)source_profile = base\n", keys: "[base]\n\(keys)"),
        (config: "[default]\n\(role)web_identity_token_file = /home/ann/token\n", keys: ""),
        (
            config:
                "[default]\n\(role)source_profile = base\n[profile base]\n\(role)web_identity_token_file = /home/ann/token\n",
            keys: ""
        ),
    ]

    /// As botocore names it.
    private func method(_ account: AWSAccount) async throws -> String {
        for step in try await account.credentialSteps() {
            guard case .used(let details, _) = step.outcome else { continue }
            switch step.source {
            case .environment: return "env"
            case .webIdentity: return "assume-role-with-web-identity"
            case .container: return "container-role"
            case .instance: return "iam-role"
            case .profile:
                if details.contains("credential_process") { return "custom-process" }
                return details.contains("role") ? "assume-role" : "shared-credentials-file"
            }
        }
        return "none"
    }

    @Test("of any places that have credentials, the one that botocore takes is used")
    func order() async throws {
        let (aws, metadata) = (try StandIn("aws"), try StandIn("metadata"))
        let botocore = try StandIn("credential_order")
        try aws.ask(["web_identity": ["token"]])
        var compared = Set<String>()
        for hasKeys in [false, true] {
            for hasIdentity in [false, true] {
                for profile in Self.profiles {
                    for (hasContainer, hasMachine) in [(false, false), (true, false), (false, true), (true, true)] {
                        if hasKeys, hasContainer != hasMachine { continue }
                        var environment = [
                            "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
                            "AWS_EC2_METADATA_DISABLED": hasMachine ? "false" : "true",
                            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url,
                        ]
                        if hasKeys {
                            environment["AWS_ACCESS_KEY_ID"] = "k"
                            environment["AWS_SECRET_ACCESS_KEY"] = "s"
                        }
                        if hasIdentity {
                            environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/home/ann/token"
                            environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/films"
                        }
                        if hasContainer {
                            environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "\(metadata.url)/container"
                            environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "let me in"
                        }
                        let answer = try botocore.ask([
                            "environment": .object(environment.mapValues { .string($0) }),
                            "config": .string(profile.config), "keys": .string(profile.keys),
                        ])
                        let home = environment.merging(["HOME": "/home/ann"]) { $1 }
                        let account = AWSAccount(environment: home) { path in
                            switch path {
                            case "/home/ann/.aws/config": profile.config
                            case "/home/ann/.aws/credentials": profile.keys
                            case "/home/ann/token": "token\n"
                            default: nil
                            }
                        }
                        var found = try await method(account)
                        let isDirect = profile.config.hasPrefix("[default]\n\(Self.role)web_identity")
                        if found == "assume-role", isDirect { found = "assume-role-with-web-identity" }
                        #expect(found == answer["method"]?.string, "\(environment) \(profile)")
                        compared.insert(found)
                    }
                }
            }
        }
        #expect(compared.count == 8)
    }
}
