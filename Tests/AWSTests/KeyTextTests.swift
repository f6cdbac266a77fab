import Faults
import Foundation
import Testing

@testable import AWS

/// Keys as people paste them and tools write them.
@Suite struct KeyTextTests {
    private func account(_ environment: [String: String], keys: String = "", config: String = "") -> AWSAccount {
        let more = ["HOME": "/home/ann", "AWS_EC2_METADATA_DISABLED": "true"]
        return AWSAccount(environment: more.merging(environment) { $1 }) { path in
            path == "/home/ann/.aws/credentials" ? keys : path == "/home/ann/.aws/config" ? config : nil
        }
    }

    @Test(
        "white space, line ends and quotes around a value are no part of it",
        arguments: [
            "KEY\n", "KEY\r\n", " KEY\t", "\"KEY\"", "'KEY'\r\n", "\u{FEFF}KEY\u{200B}", "\" KEY \"", "KEY\u{A0}",
        ])
    func around(_ text: String) async throws {
        let expected = AWSCredentials(accessKeyID: "KEY", secretAccessKey: "KEY", sessionToken: "KEY")
        let named = ["AWS_ACCESS_KEY_ID": text, "AWS_SECRET_ACCESS_KEY": text, "AWS_SESSION_TOKEN": text]
        #expect(try await account(named).credentials() == expected)
        // A profile's value ends with its line.
        let line = text.replacing("\n", with: "").replacing("\r", with: "")
        let keys =
            "[default]\naws_access_key_id=\(line)\naws_secret_access_key = \(line)\r\naws_session_token=\(line)\n"
        #expect(try await account([:], keys: keys).credentials() == expected)
        #expect(try account(["AWS_REGION": text.replacing("KEY", with: "us-east-1")]).region() == "us-east-1")
    }

    @Test("a program with quoted words stays as it is written")
    func quotedProgram() async throws {
        let config = """
            [default]
            credential_process = "printf" '{"AccessKeyId":"P1","SecretAccessKey":"P2"}%s' ""
            """
        #expect(try await account([:], config: config).credentials().accessKeyID == "P1")
    }

    @Test("what would break a header or a signature is an error that names the place and not the value")
    func inside() async throws {
        func fails(_ words: String, _ account: AWSAccount) async {
            let error = await #expect(throws: AWSError.self) { try await account.credentials() }
            #expect(error?.kind == .unauthorized && error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("hush") == false && error?.retryable == false)
        }
        let good = ["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"]
        func with(_ name: String, _ text: String) -> AWSAccount { account(good.merging([name: text]) { $1 }) }
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

    @Test("a file that is there and cannot be read is an error, not an absent profile")
    func unreadable() async throws {
        let folder = "/tmp/us-keys-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: "\(folder)/directory", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([0xFF, 0xFE, 0x5B, 0x00]).write(to: URL(filePath: "\(folder)/utf16"))
        for (name, words) in [
            ("directory", "Is a directory"), ("utf16", "it is not UTF-8 text"), ("gone", "there is no profile default"),
        ] {
            let account = AWSAccount(environment: [
                "HOME": folder, "AWS_SHARED_CREDENTIALS_FILE": "\(folder)/\(name)", "AWS_EC2_METADATA_DISABLED": "true",
            ])
            let error = await #expect(throws: AWSError.self) { try await account.credentials() }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("\(folder)/\(name)") == true)
        }
    }

    @Test(
        "profiles that only AWS's own tools can use are refused by the setting, with what to do",
        arguments: [
            "sso_session = corp", "sso_start_url = https://x.example/start", "login_session = arn:aws:iam::1:user/ann",
            "sso_account_id = 1",
        ])
    func unsupported(_ line: String) async throws {
        let setting = String(line.prefix { $0 != " " })
        for config in [
            "[default]\n\(line)\n",
            "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default2\n[profile default2]\n\(line)\n",
        ] {
            let error = await #expect(throws: AWSError.self) { try await account([:], config: config).credentials() }
            #expect(error?.kind == .unauthorized && error?.message.contains("uses \(setting)") == true)
            #expect(error?.message.contains("aws configure export-credentials --profile default") == true)
        }
        // A profile that has keys, or prints them, needs no more.
        let both = "[default]\n\(line)\n"
        let keys = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n"
        #expect(try await account([:], keys: keys, config: both).credentials().accessKeyID == "k")
    }

    @Test("other settings that cannot be followed are named")
    func others() async throws {
        let role = "[default]\nrole_arn = arn:aws:iam::1:role/r\n"
        let base = "[profile base]\naws_access_key_id = k\naws_secret_access_key = s\n"
        for (config, words) in [
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
            #expect(error?.kind == .unauthorized && error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }
}
