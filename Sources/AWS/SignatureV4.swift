import Crypto
package import FoundationEssentials

/// AWS Signature Version 4, by hand: libcurl's own signs some paths and queries wrongly.
package struct SignatureV4: Sendable {
    package let credentials: AWSCredentials
    package let region: String
    /// `s3`, `logs`, `mediaconvert`, ...
    package let service: String

    package init(credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The SHA-256 of a body that has no bytes.
    package static let emptyHash = hash([])

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - path: as it will be sent, percent-encoded once.
    ///   - query: names and values, not encoded.
    ///   - headers: sent beside `host`, and signed.
    ///   - payloadHash: hexadecimal SHA-256 of the body.
    /// - Returns: all headers to send beside `host`, with `Authorization`.
    package func sign(
        method: String, host: String, path: String, query: [(String, String)], headers: [(String, String)],
        payloadHash: String, at date: Date
    ) -> [(String, String)] {
        let time = Self.time(date)
        var all = headers + [("x-amz-date", time), ("x-amz-content-sha256", payloadHash)]
        if let token = credentials.sessionToken { all.append(("x-amz-security-token", token)) }
        let (canonical, names) = canonicalHeaders(all + [("host", host)])
        let request = [method, canonicalPath(path), Self.query(query), canonical, names, payloadHash].joined(
            separator: "\n")
        let signature = signature(of: request, time: time)
        all.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope(time)), SignedHeaders=\(names), "
                    + "Signature=\(signature)"
            ))
        return all
    }

    /// The query of a URL that anybody can use for a while.
    ///
    /// - Parameter seconds: how long; at most seven days.
    package func presign(
        method: String, host: String, path: String, query: [(String, String)], seconds: Int, at date: Date
    ) -> String {
        let time = Self.time(date)
        var all =
            query + [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(time))"),
                ("X-Amz-Date", time), ("X-Amz-Expires", String(seconds)), ("X-Amz-SignedHeaders", "host"),
            ]
        if let token = credentials.sessionToken { all.append(("X-Amz-Security-Token", token)) }
        let request = [
            method, canonicalPath(path), Self.query(all), "host:\(host)\n", "host", "UNSIGNED-PAYLOAD",
        ].joined(separator: "\n")
        return Self.query(all) + "&X-Amz-Signature=" + signature(of: request, time: time)
    }

    /// Percent-encodes as the signature asks: everything but unreserved characters, and slashes where they separate.
    package static func encode(_ text: String, keepingSlashes: Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "/") where keepingSlashes:
                result += "/"
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }

    /// A query as it is signed and sent: encoded, then sorted.
    package static func query(_ items: [(String, String)]) -> String {
        items.map { (encode($0.0, keepingSlashes: false), encode($0.1, keepingSlashes: false)) }
            .sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Hexadecimal SHA-256.
    package static func hash(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

    // MARK: -

    /// S3 takes the path as it is sent; all other services want it encoded once more.
    private func canonicalPath(_ path: String) -> String {
        service == "s3" ? path : Self.encode(path, keepingSlashes: true)
    }

    private func canonicalHeaders(_ headers: [(String, String)]) -> (text: String, names: String) {
        let sorted = headers.map { ($0.0.lowercased(), Self.collapsed($0.1)) }.sorted { $0.0 < $1.0 }
        return (sorted.map { "\($0.0):\($0.1)\n" }.joined(), sorted.map(\.0).joined(separator: ";"))
    }

    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    private func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

    private func signature(of request: String, time: String) -> String {
        let text = ["AWS4-HMAC-SHA256", time, scope(time), Self.hash(Array(request.utf8))].joined(separator: "\n")
        var key = SymmetricKey(data: Array("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [String(time.prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)))
        }
        return Self.hex(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// `20130524T000000Z`.
    private static func time(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        return style.format(date)
    }
}
