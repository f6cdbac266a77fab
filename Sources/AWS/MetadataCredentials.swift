import FoundationEssentials
import HTTP

/// Credentials that the place where this runs gives: a container's agent, or the metadata of a machine (IMDSv2).
struct MetadataCredentials: Sendable {
    /// Seconds: whoever answers is next door, or not there.
    private static let timeouts = HTTPRequest.Timeouts(connect: 1, total: 5, stall: 2)
    private static let limit = 64 * 1024

    let settings: AWSSettings
    private let http = HTTPClient()

    init(settings: AWSSettings) {
        self.settings = settings
    }

    /// `nil` where neither is there.
    func find() async throws -> FoundCredentials? {
        if let url = try containerURL() { return try await container(url) }
        guard settings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        return try await machine()
    }

    // MARK: - Containers

    private func containerURL() throws(AWSError) -> String? {
        if let path = settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return "http://169.254.170.2\(path)"
        }
        guard let url = settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        let host = url.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first.map(String.init) ?? ""
        let isNear =
            ["127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains {
                host == $0 || host.hasPrefix("\($0):")
            }
        guard url.hasPrefix("https://") || url.hasPrefix("http://") && isNear else {
            throw AWSError(
                .unauthorized,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI: expected https://, or http:// to this machine or the container's agent"
            )
        }
        return url
    }

    private func container(_ url: String) async throws -> FoundCredentials {
        var headers: HTTPHeaders = [:]
        if let path = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let token = settings.readFile(path) else {
                throw AWSError(.unauthorized, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \(path) cannot be read")
            }
            headers["Authorization"] = token.filter { !$0.isNewline }
        } else if let token = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            headers["Authorization"] = token
        }
        return FoundCredentials(
            credentials: try await ask("the container's credentials", url, headers), source: "the container")
    }

    // MARK: - Machines

    private func machine() async throws -> FoundCredentials? {
        var root = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        while root.hasSuffix("/") { root.removeLast() }
        var request = request("PUT", "\(root)/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "21600"])
        request.timeouts.firstByte = 1
        // Whatever goes wrong here says that this is no machine of AWS.
        guard let answer = try await reached(request), answer.isSuccess else { return nil }
        let headers: HTTPHeaders = ["X-aws-ec2-metadata-token": String(decoding: answer.body, as: UTF8.self)]
        let list = "\(root)/latest/meta-data/iam/security-credentials/"
        guard let roles = try await reached(self.request("GET", list, headers)), roles.isSuccess,
            let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        else { return nil }
        return FoundCredentials(
            credentials: try await ask("the machine's credentials", "\(list)\(role)", headers),
            source: "the machine's role \(role)")
    }

    private func reached(_ request: HTTPRequest) async throws -> HTTPResponse? {
        do {
            return try await http.send(request)
        } catch is HTTPError {
            return nil
        }
    }

    // MARK: -

    private func request(_ method: String, _ url: String, _ headers: HTTPHeaders) -> HTTPRequest {
        var request = HTTPRequest(
            method, url, headers: headers, sink: .memory(maximum: Self.limit), timeouts: Self.timeouts)
        request.usesProxy = false
        return request
    }

    private func ask(_ whose: String, _ url: String, _ headers: HTTPHeaders) async throws -> AWSCredentials {
        let response: HTTPResponse
        do {
            response = try await http.send(request("GET", url, headers))
        } catch let error as HTTPError {
            throw AWSError(.unauthorized, "\(whose): \(error.message)", retryable: true)
        }
        guard response.isSuccess,
            let answer = try? JSONDecoder().decode(ProcessCredentials.Answer.self, from: response.body)
        else { throw AWSError(.unauthorized, "\(whose): the answer (\(response.status)) has no keys", retryable: true) }
        return answer.credentials
    }
}
