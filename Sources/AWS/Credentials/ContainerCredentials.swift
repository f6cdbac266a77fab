// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import HTTP
import Untrusted

/// Credentials from the agent of the container: ECS, or EKS Pod Identity. The agent's authorization token is read for each request because
/// EKS rotates its file.
struct ContainerCredentials: Sendable {
    private static let (relativeName, fullName) = (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    )
    private static let (tokenName, tokenFileName) = (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    )

    let settings: AWSSettings

    /// Looks up the credentials.
    ///
    /// - Throws: `AWSError`, `unauthorized` if the configured agent does not provide credentials; `CancellationError`.
    func find() async throws -> CredentialLookupResult {
        guard let url = try url() else { return .absent("\(Self.relativeName) and \(Self.fullName) are not set") }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let token = try token() { headers["Authorization"] = token }
        let credentials = try await MetadataClient(certificates: settings.certificates)
            .credentials("the container's credentials", url, headers)
        return .found(
            ResolvedCredentials(
                credentials: credentials, source: "the container", details: HTTPRequest.get(url).redactedURL))
    }

    private func url() throws(AWSError) -> String? {
        if let path = settings.variable(Self.relativeName) {
            guard path.hasPrefix("/") else {
                throw AWSError(.unauthorized, "\(Self.relativeName): expected a path that begins with a slash")
            }
            return "http://169.254.170.2\(path)"
        }
        guard let url = settings.variable(Self.fullName) else { return nil }
        guard let host = Self.host(url), url.hasPrefix("https://") || Self.isAllowedHost(host) else {
            throw AWSError(
                .unauthorized,
                "\(Self.fullName): expected https://, or http:// to the loopback interface or the container's agent "
                    + "(169.254.170.2, 169.254.170.23, [fd00:ec2::23])")
        }
        return url
    }

    /// The host of a URL, without brackets; `nil` if the text is not an HTTP URL, or contains a user.
    static func host(_ url: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        guard !authority.contains("@") else { return nil }
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
        }
        guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") && UInt16(rest.dropFirst()) != nil else { return nil }
        return String(host)
    }

    /// Whether the token may be sent to a host over plain http: the loopback interface, or the agent's link-local addresses.
    static func isAllowedHost(_ host: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, host, &four) == 1 {
            let bytes = withUnsafeBytes(of: four.s_addr) { Array($0) }
            return bytes.first == 127 || bytes == [169, 254, 170, 2] || bytes == [169, 254, 170, 23]
        }
        if inet_pton(AF_INET6, host, &six) == 1 {
            let bytes = withUnsafeBytes(of: six) { Array($0) }
            let loopback = [UInt8](repeating: 0, count: 15) + [1]
            return bytes == loopback || bytes == [0xFD, 0, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 11) + [0x23]
        }
        return host.lowercased() == "localhost"
    }

    private func token() throws(AWSError) -> String? {
        guard let path = settings.variable(Self.tokenFileName) else {
            guard let token = settings.variable(Self.tokenName) else { return nil }
            return try AWSCredentials.Field(Self.tokenName, token).value(allowsSpaces: true)
        }
        let text: String?
        do {
            text = try settings.readFile(path)
        } catch {
            throw AWSError(.unauthorized, "\(Self.tokenFileName): \(error.message)")
        }
        guard let text else {
            throw AWSError(.unauthorized, "\(Self.tokenFileName): \(path) cannot be read: there is no such file")
        }
        return try AWSCredentials.Field("\(Self.tokenFileName): \(path)", text).value(allowsSpaces: true)
    }
}
