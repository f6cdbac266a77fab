// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import TestSupport
import Testing

@testable import AWS

/// Keys with the artifacts of copy and paste and of other tools.
@Suite(.timeLimit(.minutes(5))) struct CredentialTextTests {
    private func account(_ environment: [String: String], keys: String = "", config: String = "") -> AWSAccount {
        let more = ["HOME": "/home/ann", "AWS_EC2_METADATA_DISABLED": "true"]
        return AWSAccount(environment: more.merging(environment) { $1 }) { path in
            path == "/home/ann/.aws/credentials" ? keys : path == "/home/ann/.aws/config" ? config : nil
        }
    }

    @Test(arguments: [
        "KEY\n", "KEY\r\n", " KEY\t", "\"KEY\"", "'KEY'\r\n", "\u{FEFF}KEY\u{200B}", "\" KEY \"", "KEY\u{A0}",
    ])
    func `surrounding white space, line ends and quotes are removed from values`(_ text: String) async throws {
        let expected = AWSCredentials(accessKeyID: "KEY", secretAccessKey: "KEY", sessionToken: "KEY")
        let environment = ["AWS_ACCESS_KEY_ID": text, "AWS_SECRET_ACCESS_KEY": text, "AWS_SESSION_TOKEN": text]
        #expect(try await account(environment).credentials() == expected)
        // A value in a profile ends at the end of its line.
        let line = text.replacing("\n", with: "").replacing("\r", with: "")
        let keys =
            "[default]\naws_access_key_id=\(line)\naws_secret_access_key = \(line)\r\naws_session_token=\(line)\n"
        #expect(try await account([:], keys: keys).credentials() == expected)
        #expect(try account(["AWS_REGION": text.replacing("KEY", with: "us-east-1")]).region() == "us-east-1")
    }

    @Test
    func `quotes in a credential_process are preserved`() async throws {
        let config = """
            [default]
            credential_process = "printf" '{"AccessKeyId":"P1","SecretAccessKey":"P2"}%s' ""
            """
        #expect(try await account([:], config: config).credentials().accessKeyID == "P1")
    }

    @Test
    func `invalid characters in keys are errors that name the source but not the value`() async throws {
        func fails(_ reason: String, _ account: AWSAccount) async {
            let error = await #expect(throws: AWSError.self) { try await account.credentials() }
            #expect(error?.kind == .unauthorized && error?.message.contains(reason) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("hush") == false && error?.retryable == false)
        }
        let valid = ["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"]
        func with(_ name: String, _ text: String) -> AWSAccount { account(valid.merging([name: text]) { $1 }) }
        await fails("AWS_ACCESS_KEY_ID: character 5 is a line end", with("AWS_ACCESS_KEY_ID", "AKIA\nhush"))
        await fails("AWS_ACCESS_KEY_ID: character 5 is a space", with("AWS_ACCESS_KEY_ID", "AKIA hush"))
        await fails("AWS_SECRET_ACCESS_KEY: character 5 is a line end", with("AWS_SECRET_ACCESS_KEY", "hush\r\nX: y"))
        await fails("AWS_SECRET_ACCESS_KEY: character 5 is not ASCII", with("AWS_SECRET_ACCESS_KEY", "hush\u{2019}s"))
        await fails("AWS_SESSION_TOKEN: character 5 is a control", with("AWS_SESSION_TOKEN", "hush\u{7}x"))
        let keys = "[default]\naws_access_key_id = hush\u{E9}\naws_secret_access_key = hush\n"
        await fails("aws_access_key_id of the AWS profile default: character 5 is not ASCII", account([:], keys: keys))
        let config = #"[default]\#ncredential_process = printf '{"AccessKeyId":"hush x","SecretAccessKey":"hush"}'"#
        await fails("the AWS profile default: AccessKeyId: character 5 is a space", account([:], config: config))
        await fails("AWS_ACCESS_KEY_ID is not: set both", account(["AWS_SECRET_ACCESS_KEY": "hush"]))
        await fails("no aws_access_key_id", account([:], keys: "[default]\naws_secret_access_key = hush\n"))
    }

    @Test
    func `a file that exists but cannot be read is an error, not a missing profile`() async throws {
        let folder = TemporaryPath.new("keys")
        try FileManager.default.createDirectory(atPath: "\(folder)/directory", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([0xFF, 0xFE, 0x5B, 0x00]).write(to: URL(filePath: "\(folder)/utf16"))
        for (name, reason) in [
            ("directory", "Is a directory"), ("utf16", "it is not UTF-8 text"), ("gone", "there is no profile default"),
        ] {
            let account = AWSAccount(environment: [
                "HOME": folder, "AWS_SHARED_CREDENTIALS_FILE": "\(folder)/\(name)", "AWS_EC2_METADATA_DISABLED": "true",
            ])
            let error = await #expect(throws: AWSError.self) { try await account.credentials() }
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("\(folder)/\(name)") == true)
        }
    }

    @Test(arguments: [
        "sso_session = corp", "sso_start_url = https://x.example/start", "login_session = arn:aws:iam::1:user/ann",
        "sso_account_id = 1",
    ])
    func `unsupported profile settings are errors that name the setting and the alternative`(_ line: String)
        async throws
    {
        let setting = String(line.prefix { $0 != " " })
        for config in [
            "[default]\n\(line)\n",
            "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default2\n[profile default2]\n\(line)\n",
        ] {
            let error = await #expect(throws: AWSError.self) { try await account([:], config: config).credentials() }
            #expect(error?.kind == .unauthorized && error?.message.contains("uses \(setting)") == true)
            #expect(error?.message.contains("aws configure export-credentials --profile default") == true)
        }
        // Keys or a credential_process in the profile take precedence.
        let both = "[default]\n\(line)\n"
        let keys = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n"
        #expect(try await account([:], keys: keys, config: both).credentials().accessKeyID == "k")
    }

    @Test
    func `errors about invalid profiles name the setting`() async throws {
        let role = "[default]\nrole_arn = arn:aws:iam::1:role/r\n"
        let base = "[profile base]\naws_access_key_id = k\naws_secret_access_key = s\n"
        for (config, reason) in [
            ("\(role)source_profile = base\ncredential_source = Environment\n\(base)", "both source_profile and"),
            ("\(role)credential_source = Moon\n", "credential_source is Moon, expected Environment"),
            ("\(role)credential_source = EcsContainer\n", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            ("\(role)source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/ann\n\(base)", "arn:aws:iam::1:mfa/ann"),
            (
                #"[default]\#ncredential_process = echo '{"Version":2,"AccessKeyId":"a","SecretAccessKey":"b"}'"#,
                "Version"
            ),
        ] {
            let error = await #expect(throws: AWSError.self) { try await account([:], config: config).credentials() }
            #expect(error?.kind == .unauthorized && error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }
}
