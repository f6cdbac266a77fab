// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Untrusted

/// Credentials of the EC2 instance's role, from the instance metadata service (IMDSv2).
struct InstanceCredentials: Sendable {
    let settings: AWSSettings

    /// Looks up the credentials.
    ///
    /// - Throws: `AWSError`, `unauthorized` if the metadata service fails or returns something else; `CancellationError`.
    func find() async throws -> CredentialLookupResult {
        guard settings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
            return .absent("AWS_EC2_METADATA_DISABLED is true")
        }
        var root = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while root.hasSuffix("/") { root.removeLast() }
        let client = MetadataClient()
        let response: HTTPResponse
        do {
            response = try await client.send(
                "PUT", "\(root)/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "21600"], firstByte: 1,
                isServerExpected: false)
        } catch let error as HTTPError {
            // Outside of EC2 there is no metadata service.
            return .absent(
                "\(error.message); in a container on EC2, the metadata hop limit of the instance must be 2 or more")
        }
        guard response.isSuccess else {
            let message = "\(root) answered \(response.status) to the request for a session token"
            guard MetadataClient.isTransient(response.status) else { return .absent(message) }
            throw AWSError(.unauthorized, "the instance metadata: \(message)", retryable: true)
        }
        let token = String(decoding: response.body, as: UTF8.self).strippedSetting()
        guard !token.isEmpty, token.invalidTokenReason() == nil,
            !token.utf8.contains(where: { "<>{}\"".utf8.contains($0) })
        else {
            throw AWSError(.unauthorized, "the instance metadata: the response of \(root) is not a session token")
        }
        let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": token]
        let listURL = "\(root)/latest/meta-data/iam/security-credentials/"
        guard let role = try await role(client, listURL, headers) else { return .absent("the instance has no role") }
        return .found(
            ResolvedCredentials(
                credentials: try await client.credentials("the instance credentials", "\(listURL)\(role)", headers),
                source: "the instance role \(role)", details: "role \(role)"))
    }

    /// The name of the instance's role; `nil` if it has none.
    private func role(_ client: MetadataClient, _ listURL: String, _ headers: HTTPHeaders) async throws -> String? {
        let response: HTTPResponse
        do {
            response = try await client.send("GET", listURL, headers)
        } catch let error as HTTPError {
            throw AWSError(.unauthorized, "the instance role: \(error.message)", retryable: error.isRetryable)
        }
        if response.status == 404 { return nil }
        guard response.isSuccess else {
            throw AWSError(
                .unauthorized, "the instance role: \(listURL) answered \(response.status)",
                retryable: MetadataClient.isTransient(response.status))
        }
        let lines = String(decoding: response.body, as: UTF8.self).unicodeScalars.split { $0 == "\n" || $0 == "\r" }
        guard let role = lines.first.map({ String($0).strippedSetting() }), !role.isEmpty else { return nil }
        // A captive portal or a proxy may return a web page instead of the list.
        guard Self.isRoleName(role) else {
            throw AWSError(.unauthorized, "the instance role: the response of \(listURL) is not a list of roles")
        }
        return role
    }

    /// Whether a text is a valid name of a role or an instance profile.
    private static func isRoleName(_ text: String) -> Bool {
        text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_+=,.@-".utf8.contains(byte)
                }
            }
    }
}
