// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(5))) struct AWSAccountTests {
    private static let credentials = """
        \u{FEFF}# keys\r
        [default]\r
        aws_access_key_id = D1 ; a comment\r
        AWS_SECRET_ACCESS_KEY=D2#kept\r
        \r
        [default2]
        aws_access_key_id=T1
        aws_secret_access_key = T2
        aws_session_token = T3
        s3 =
          aws_access_key_id = nested
        [half
        aws_access_key_id = x
        """
    private static let config = """
        [default]
        region = eu-central-1
        [profile default2]
        region = us-west-2
        endpoint_url = http://127.0.0.1:1/
        [profile "role"]
        role_arn = arn:aws:iam::1:role/r
        source_profile = default
        """

    private func account(_ environment: [String: String], profile: String? = nil) -> AWSAccount {
        AWSAccount(environment: environment.merging(["HOME": "/home/ann"]) { old, _ in old }, profile: profile) {
            path in
            switch path {
            case "/home/ann/.aws/credentials": Self.credentials
            case "/home/ann/.aws/config": Self.config
            default: nil
            }
        }
    }

    @Test
    func `keys in the environment take precedence over profiles, and a configured profile over keys`() async throws {
        let keys = ["AWS_ACCESS_KEY_ID": "E1", "AWS_SECRET_ACCESS_KEY": "E2", "AWS_PROFILE": "default2"]
        #expect(try await account(keys).credentials() == AWSCredentials(accessKeyID: "E1", secretAccessKey: "E2"))
        #expect(try await account(keys, profile: "default2").credentials().accessKeyID == "T1")
        #expect(
            try await account(["AWS_PROFILE": "default2"]).credentials()
                == AWSCredentials(accessKeyID: "T1", secretAccessKey: "T2", sessionToken: "T3"))
    }

    @Test
    func `a file with a byte order mark, CRLF, comments and nested settings is parsed`() async throws {
        #expect(try await account([:]).credentials() == AWSCredentials(accessKeyID: "D1", secretAccessKey: "D2#kept"))
    }

    @Test
    func `the region and the endpoints come from the environment, otherwise from the profile`() throws {
        #expect(try account(["AWS_REGION": "a-1", "AWS_DEFAULT_REGION": "b-1"]).region() == "a-1")
        #expect(try account(["AWS_DEFAULT_REGION": "b-1"]).region() == "b-1")
        #expect(try account([:]).region() == "eu-central-1")
        #expect(try account([:], profile: "default2").region() == "us-west-2")
        #expect(account([:], profile: "default2").endpoint(.s3) == "http://127.0.0.1:1")
        let both = ["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3/"]
        #expect(account(both).endpoint(.s3) == "http://s3" && account(both).endpoint(.iam) == "http://all")
        #expect(account([:]).endpoint(.s3) == nil)
    }

    @Test
    func `errors about missing settings name the setting to add`() async {
        let withoutMetadata = ["AWS_EC2_METADATA_DISABLED": "true"]
        let missingProfile = await #expect(throws: AWSError.self) {
            try await account(["AWS_PROFILE": "nobody"]).credentials()
        }
        #expect(missingProfile?.kind == .unauthorized && missingProfile?.message.contains("nobody") == true)
        let halfKey = await #expect(throws: AWSError.self) {
            try await account(["AWS_ACCESS_KEY_ID": "E1"]).credentials()
        }
        #expect(halfKey?.message.contains("AWS_SECRET_ACCESS_KEY") == true)
        let missingKeys = await #expect(throws: AWSError.self) {
            try await AWSAccount(environment: withoutMetadata) { _ in nil }.credentials()
        }
        #expect(missingKeys?.message.contains("AWS_ACCESS_KEY_ID") == true)
        let region = #expect(throws: AWSError.self) { try account(["AWS_PROFILE": "role"]).region() }
        #expect(region?.message.contains("AWS_REGION") == true)
        #expect(throws: AWSError.self) { try account(["AWS_REGION": "evil.example/"]).region() }
    }

    @Test
    func `the STS endpoint is regional, or global in legacy mode for older regions`() throws {
        func host(_ region: String, _ mode: String?) throws -> String {
            let environment = mode.map { ["AWS_STS_REGIONAL_ENDPOINTS": $0] } ?? [:]
            let settings = AWSSettings(environment: environment, profile: nil) { _ in nil }
            return AWSService.sts.host(try settings.stsRegion(region))
        }
        #expect(try host("eu-central-1", nil) == "sts.eu-central-1.amazonaws.com")
        #expect(try host("eu-central-1", "regional") == "sts.eu-central-1.amazonaws.com")
        #expect(try host("eu-central-1", "legacy") == "sts.amazonaws.com")
        #expect(try host("eu-south-1", "legacy") == "sts.eu-south-1.amazonaws.com")
        #expect(try host("cn-north-1", "legacy") == "sts.cn-north-1.amazonaws.com.cn")
        #expect(AWSService.sts.signingRegion(AWSService.globalRegion) == "us-east-1")
    }
}
