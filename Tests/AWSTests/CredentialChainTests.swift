// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(5))) struct CredentialChainTests {
    private func account(_ environment: [String: String], config: String = "", keys: String = "") -> AWSAccount {
        let more = ["HOME": "/home/ann", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"]
        return AWSAccount(environment: more.merging(environment) { $1 }) { path in
            switch path {
            case "/home/ann/.aws/config": config
            case "/home/ann/.aws/credentials": keys
            case "/home/ann/token": "let me in\n"
            default: nil
            }
        }
    }

    @Test
    func `a credential_process provides keys; errors contain its standard error, never its output`() async throws {
        let config = """
            [default]
            credential_process = printf '{"Version":1,"AccessKeyId":"P1","SecretAccessKey":"P2","SessionToken":"P3","Expiration":"2100-01-01T00:00:00Z"}'
            [profile broken]
            credential_process = echo SECRET; echo 'log in first' >&2; exit 3
            [profile chatty]
            credential_process = echo SECRET
            """
        let found = try await account([:], config: config).credentials()
        #expect(found.accessKeyID == "P1" && found.sessionToken == "P3" && found.expiration == 4_102_444_800)
        for (profile, reason) in [("broken", "log in first"), ("chatty", "no JSON object")] {
            let error = await #expect(throws: AWSError.self) {
                try await account(["AWS_PROFILE": profile], config: config).credentials()
            }
            #expect(error?.kind == .unauthorized)
            #expect(error?.message.contains(reason) == true && error?.message.contains("SECRET") == false)
        }
    }

    @Test
    func `a role is assumed with the keys of another profile, and its credentials sign requests`() async throws {
        let aws = try StandIn("aws")
        try aws.send([
            "service": "iam", "call": "create_role",
            "args": ["RoleName": "films", "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"],
        ])
        let config = """
            [profile films]
            role_arn = arn:aws:iam::123456789012:role/films
            source_profile = base
            external_id = x-1
            [profile cycle]
            role_arn = arn:aws:iam::123456789012:role/films
            source_profile = cycle2
            [profile cycle2]
            role_arn = arn:aws:iam::123456789012:role/films
            source_profile = cycle
            [profile sourceless]
            role_arn = arn:aws:iam::123456789012:role/films
            """
        let keys = "[base]\naws_access_key_id = k\naws_secret_access_key = s\n"
        let account = account(["AWS_PROFILE": "films", "AWS_ENDPOINT_URL": aws.url], config: config, keys: keys)
        let found = try await account.credentials()
        #expect(found.accessKeyID != "k" && found.sessionToken != nil && found.expiration != nil)
        #expect(try await account.credentialSource().contains("role/films"))
        let object = try S3Location(bucket: "films", key: "written by a role")
        try await S3Client(account: account).upload(.bytes(Data("x".utf8)), to: object)
        #expect(try await S3Client(account: account).info(object)?.size == 1)
        for profile in ["cycle", "sourceless"] {
            let error = await #expect(throws: AWSError.self) {
                try await self.account(["AWS_PROFILE": profile], config: config, keys: keys).credentials()
            }
            #expect(error?.kind == .unauthorized && error?.message.contains(profile) == true)
        }
    }

    @Test
    func `the container agent requires its token, and other hosts require https`() async throws {
        let metadata = try StandIn("metadata")
        let uri = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container"]
        let token = ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/home/ann/token"]
        let found = try await account(uri.merging(token) { $1 }).credentials()
        #expect(found.accessKeyID == "M1" && found.sessionToken == "M3")
        let rejected = await #expect(throws: AWSError.self) { try await account(uri).credentials() }
        #expect(rejected?.kind == .unauthorized)
        let elsewhere = await #expect(throws: AWSError.self) {
            try await account(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/keys"]).credentials()
        }
        #expect(elsewhere?.message.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI") == true)
    }

    @Test
    func `instance credentials are fetched once and refreshed shortly before they expire`() async throws {
        let metadata = try StandIn("metadata")
        let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_EC2_METADATA_DISABLED": "false"]
        let account = account(environment)
        #expect(try await account.credentials().accessKeyID == "M1")
        #expect(try await account.credentialSource() == "the instance role renderer")
        #expect(try metadata.send(["count": true])["count"] == 1)
        try metadata.send(["keys": ["N1", "N2", "N3"], "expires_in": 200])
        #expect(try await account.credentials().accessKeyID == "M1")
        let expiring = self.account(environment)
        #expect(try await expiring.credentials().accessKeyID == "N1")
        #expect(try await expiring.credentials().accessKeyID == "N1")
        #expect(try metadata.send(["count": true])["count"] == 3)
    }

    @Test
    func `concurrent callers share one credential search`() async throws {
        let metadata = try StandIn("metadata")
        let account = account([
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_EC2_METADATA_DISABLED": "false",
        ])
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await account.credentials() } }
            try await group.waitForAll()
        }
        #expect(try metadata.send(["count": true])["count"] == 1)
    }

    @Test
    func `a service's endpoint may come from the services section of the profile`() {
        let config = """
            [default]
            services = mine
            endpoint_url = http://all
            [services mine]
            s3 =
              endpoint_url = http://s3
            """
        let account = account([:], config: config)
        #expect(account.endpoint(.s3) == "http://s3" && account.endpoint(.iam) == "http://all")
        #expect(self.account(["AWS_ENDPOINT_URL": "http://one"], config: config).endpoint(.s3) == "http://one")
    }
}
