import Faults
import FoundationEssentials
import HTTP
import Untrusted

/// Credentials of the role of the machine that this runs on, from its metadata (IMDSv2).
struct InstanceCredentials: Sendable {
    let settings: AWSSettings

    func find() async throws -> CredentialFinding {
        guard settings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
            return .absent("AWS_EC2_METADATA_DISABLED is true")
        }
        var root = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while root.hasSuffix("/") { root.removeLast() }
        let exchange = MetadataExchange()
        let answer: HTTPResponse
        do {
            answer = try await exchange.send(
                "PUT", "\(root)/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "21600"], firstByte: 1,
                isThere: false)
        } catch let error as HTTPError {
            // Away from AWS nothing answers there.
            return .absent(
                "\(error.message); in a container on a machine of AWS, the hop limit of its metadata must be 2 or more")
        }
        guard answer.isSuccess else {
            let message = "\(root) answered \(answer.status) to the request for a session token"
            guard MetadataExchange.isTransient(answer.status) else { return .absent(message) }
            throw AWSError(.unauthorized, "the machine's metadata: \(message)", retryable: true)
        }
        let token = String(decoding: answer.body, as: UTF8.self).strippedSetting()
        guard !token.isEmpty, token.keyFault() == nil, !token.utf8.contains(where: { "<>{}\"".utf8.contains($0) })
        else {
            throw AWSError(.unauthorized, "the machine's metadata: the answer of \(root) is not a session token")
        }
        let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": token]
        let list = "\(root)/latest/meta-data/iam/security-credentials/"
        guard let role = try await role(exchange, list, headers) else { return .absent("this machine has no role") }
        return .found(
            FoundCredentials(
                credentials: try await exchange.keys("the machine's credentials", "\(list)\(role)", headers),
                source: "the machine's role \(role)", details: "role \(role)"))
    }

    /// `nil` where the machine has none.
    private func role(_ exchange: MetadataExchange, _ list: String, _ headers: HTTPHeaders) async throws -> String? {
        let answer: HTTPResponse
        do {
            answer = try await exchange.send("GET", list, headers)
        } catch let error as HTTPError {
            throw AWSError(.unauthorized, "the machine's role: \(error.message)", retryable: error.isRetryable)
        }
        if answer.status == 404 { return nil }
        guard answer.isSuccess else {
            throw AWSError(
                .unauthorized, "the machine's role: \(list) answered \(answer.status)",
                retryable: MetadataExchange.isTransient(answer.status))
        }
        let lines = String(decoding: answer.body, as: UTF8.self).unicodeScalars.split { $0 == "\n" || $0 == "\r" }
        guard let role = lines.first.map({ String($0).strippedSetting() }), !role.isEmpty else { return nil }
        // Behind a portal or a proxy, a web page may come instead of the list.
        guard Self.isRole(role) else {
            throw AWSError(.unauthorized, "the machine's role: the answer of \(list) is not a list of roles")
        }
        return role
    }

    /// Whether a text can be the name of a role or an instance profile.
    private static func isRole(_ text: String) -> Bool {
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
