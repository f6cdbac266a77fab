// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Testing

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct MediaConvertRoleTests {
    private let fixture: StitcherFixture

    init() throws { fixture = try StitcherFixture() }

    private func allows(_ effect: String, _ service: String, _ action: String) -> Bool {
        let statement = #"{"Effect":"\#(effect)","Principal":{"Service":\#(service)},"Action":\#(action)}"#
        return MediaConvertRoleProvisioner.allowsMediaConvert(Data(#"{"Statement":[\#(statement)]}"#.utf8))
    }

    @Test func `a trust policy may list its services and actions`() {
        let service = #""mediaconvert.amazonaws.com""#
        #expect(allows("Allow", service, #""sts:AssumeRole""#))
        #expect(allows("Allow", #"["ec2.amazonaws.com",\#(service)]"#, #"["sts:TagSession","sts:AssumeRole"]"#))
        #expect(allows("Allow", service, #""sts:*""#) && allows("Allow", service, #""*""#))
        let single = #"{"Effect":"Allow","Principal":{"Service":\#(service)},"Action":"sts:AssumeRole"}"#
        #expect(MediaConvertRoleProvisioner.allowsMediaConvert(Data(#"{"Statement":\#(single)}"#.utf8)))
    }

    @Test func `a trust policy for another effect, service or action does not suffice`() {
        let service = #""mediaconvert.amazonaws.com""#
        #expect(!allows("Deny", service, #""sts:AssumeRole""#))
        #expect(!allows("Allow", #""ec2.amazonaws.com""#, #""sts:AssumeRole""#))
        #expect(!allows("Allow", service, #""sts:TagSession""#))
    }

    @Test(arguments: ["", "{", "[]", "{}", #"{"Statement":"Allow"}"#, #"{"Statement":[]}"#])
    func `a trust policy of another shape allows nothing`(_ policy: String) {
        #expect(!MediaConvertRoleProvisioner.allowsMediaConvert(Data(policy.utf8)))
    }

    @Test(arguments: [
        ("two words", "films", "/role_name"), ("", "films", "/role_name"),
        (String(repeating: "r", count: 65), "films", "/role_name"), ("Films", "UPPER", "/bucket"),
        ("Films", "ab", "/bucket"),
    ])
    func `invalid names are rejected before any request`(_ role: String, _ bucket: String, _ pointer: String)
        async throws
    {
        let provisioner = MediaConvertRoleProvisioner(account: fixture.account)
        let error = await #expect(throws: ServiceError.self) {
            _ = try await provisioner.setUp(SetupRole(roleName: role, bucket: bucket))
        }
        #expect(error?.kind == .invalidParams && error?.detail == pointer)
    }

    @Test func `a role given by its ARN is used unchanged`() async throws {
        let arn = "arn:aws:iam::123456789012:role/Films"
        let resolver = MediaConvertRoleResolver(
            settings: try StitcherFixture.settings(["UNDERSTUDY_MEDIACONVERT_ROLE": arn]), account: fixture.account)
        #expect(try await resolver.arn(for: ["films", "clips"]) == arn)
        #expect(!resolver.isRecentlyChanged)
    }
}
