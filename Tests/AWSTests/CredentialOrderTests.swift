// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// The order of the credential sources, compared with botocore.
@Suite(.timeLimit(.minutes(5))) struct CredentialOrderTests {
    private static let keys = "aws_access_key_id = k\naws_secret_access_key = s\n"
    private static let process =
        #"credential_process = printf '{"Version":1,"AccessKeyId":"P1","SecretAccessKey":"P2"}'"#
    private static let role = "role_arn = arn:aws:iam::123456789012:role/films\n"
    /// Contents of the config file and of the credentials file for the profile `default`.
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

    /// The source that provided the credentials, by botocore's name.
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

    @Test
    func `variables select the same profile and file as in botocore`() async throws {
        let (metadata, botocore) = (try StandIn("metadata"), try StandIn("credential_order"))
        func keys(_ id: String) -> String { "aws_access_key_id = \(id)\naws_secret_access_key = s\n" }
        let config = "[default]\n\(keys("C0"))[profile one]\n\(keys("C1"))[profile two]\n\(keys("C2"))"
        let credentials = "[two]\n\(keys("K2"))[three]\n\(keys("K3"))"
        var methods = Set<String>()
        for profile in [
            [:], ["AWS_PROFILE": "one"], ["AWS_DEFAULT_PROFILE": "two"],
            ["AWS_DEFAULT_PROFILE": "three", "AWS_PROFILE": "one"],
        ] as [[String: String]] {
            for path in ["~/", "$HOME/", "${HOME}/", "~/./", "$NOWHERE/", "~nobody-of-this-name/", "/nonexistent/"] {
                for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
                    let other = name == "AWS_CONFIG_FILE" ? "AWS_SHARED_CREDENTIALS_FILE" : "AWS_CONFIG_FILE"
                    var environment = profile.merging(["AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url]) { $1 }
                    environment[name] = path + (name == "AWS_CONFIG_FILE" ? "config" : "keys")
                    environment[other] = "~/" + (other == "AWS_CONFIG_FILE" ? "config" : "keys")
                    // A missing profile is an error in both implementations.
                    let answer = try? botocore.send([
                        "environment": .object(environment.mapValues { .string($0) }), "config": .string(config),
                        "keys": .string(credentials),
                    ])
                    let account = AWSAccount(environment: environment.merging(["HOME": "/home/ann"]) { $1 }) { path in
                        switch path.replacing("/./", with: "/") {
                        case "/home/ann/config": config
                        case "/home/ann/keys": credentials
                        default: nil
                        }
                    }
                    let found = try? await account.credentials().accessKeyID
                    #expect(found == answer?["id"]?.string, "\(environment)")
                    methods.insert(answer?["method"]?.string ?? "error")
                    let exists = path.hasPrefix("~/") || path.contains("HOME")
                    #expect(account.missingFiles.count == (exists ? 0 : 1), "\(environment)")
                }
            }
        }
        #expect(methods == ["config-file", "shared-credentials-file", "iam-role", "error"])
    }

    @Test
    func `paths in variables are expanded like in botocore`() throws {
        let botocore = try StandIn("credential_order")
        let environment = ["HOME": "/home/ann/", "A": "~", "B_1": "$A", "EMPTY": ""]
        let paths = [
            "~", "~/", "~/x", "~root/x", "~root", "~nobody-of-this-name/x", "/~/x", "x~", "$A/x", "${A}/x", "$B_1",
            "${B_1}x",
            "$A$A", "$", "$$A", "${", "${A", "${}", "$-x", "$EMPTY/x", "${NONE}/$NONE/x", "/a$HOME", "$HOMEx",
            "${HOME}x", "",
            "~\u{E9}", "$\u{E9}",
        ]
        let expected = try botocore.send([
            "expand": .array(paths.map { .string($0) }), "environment": .object(environment.mapValues { .string($0) }),
        ])["paths"]?.array?.compactMap(\.string)
        #expect(paths.map { PathExpansion.expand($0, environment) } == expected)
        #expect(PathExpansion.homeDirectory([:])?.hasPrefix("/") == true)
    }

    @Test
    func `any combination of configured sources resolves to the same source as in botocore`() async throws {
        let (aws, metadata) = (try StandIn("aws"), try StandIn("metadata"))
        let botocore = try StandIn("credential_order")
        try aws.send(["web_identity": ["token"]])
        var compared = Set<String>()
        for hasKeys in [false, true] {
            for hasIdentity in [false, true] {
                for profile in Self.profiles {
                    for (hasContainer, isInstance) in [(false, false), (true, false), (false, true), (true, true)] {
                        if hasKeys, hasContainer != isInstance { continue }
                        var environment = [
                            "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
                            "AWS_EC2_METADATA_DISABLED": isInstance ? "false" : "true",
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
                        let answer = try botocore.send([
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
