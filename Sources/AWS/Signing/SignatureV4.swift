import Crypto
import FoundationEssentials
import Glibc
package import HTTP

/// AWS Signature Version 4. libcurl's own signs some paths and queries wrongly. The hash of the body is always sent.
package struct SignatureV4: Sendable {
    /// A moment as AWS writes it.
    package struct Moment: Sendable {
        /// `20130524T000000Z`.
        package let text: String
        var day: Substring { text.prefix(8) }

        /// - Parameter seconds: since 1970.
        package init(seconds: Int) {
            var (time, parts) = (time_t(seconds), tm())
            gmtime_r(&time, &parts)
            func digits(_ value: Int32, _ count: Int) -> String {
                let text = String(value)
                return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
            }
            text =
                digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2) + "T"
                + digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2) + "Z"
        }

        /// Since 1970, by this machine's clock.
        package static var seconds: Int { time(nil) }
        package static var now: Moment { Moment(seconds: seconds) }
    }

    /// What stands for the hash of a body that is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    package let credentials: AWSCredentials
    package let region: String
    /// `s3`, `logs`, `mediaconvert`, ...
    package let service: String

    package init(credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The headers with those that make a request authentic.
    ///
    /// - Parameters:
    ///   - host: with the port where it is not the usual one.
    ///   - path: as it is sent, percent-encoded.
    ///   - payload: the body's SHA-256 in hexadecimal digits.
    package func headers(
        _ headers: HTTPHeaders, method: String, host: String, path: String, query: [(name: String, value: String)],
        payload: String, at moment: Moment
    ) -> HTTPHeaders {
        var signed = headers
        signed["x-amz-content-sha256"] = payload
        signed["x-amz-date"] = moment.text
        if let token = credentials.sessionToken { signed["x-amz-security-token"] = token }
        let lines = Self.canonicalHeaders(signed, host: host)
        let names = lines.map(\.name).joined(separator: ";")
        let signature = signature(
            """
            \(method)
            \(canonical(path))
            \(PercentEncoding.query(query))
            \(lines.map { "\($0.name):\($0.value)\n" }.joined())
            \(names)
            \(payload)
            """, at: moment)
        signed["Authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(moment)),SignedHeaders=\(names),"
            + "Signature=\(signature)"
        return signed
    }

    /// The query that lets anybody make a request.
    ///
    /// - Parameter seconds: how long from `moment` on; at most 604800.
    package func presignedQuery(
        method: String, host: String, path: String, seconds: Int, at moment: Moment
    ) -> String {
        var items = [
            (name: "X-Amz-Algorithm", value: Self.algorithm),
            (name: "X-Amz-Credential", value: "\(credentials.accessKeyID)/\(scope(moment))"),
            (name: "X-Amz-Date", value: moment.text),
            (name: "X-Amz-Expires", value: String(seconds)),
            (name: "X-Amz-SignedHeaders", value: "host"),
        ]
        if let token = credentials.sessionToken { items.append((name: "X-Amz-Security-Token", value: token)) }
        let query = PercentEncoding.query(items)
        let signature = signature(
            "\(method)\n\(canonical(path))\n\(query)\nhost:\(host)\n\nhost\n\(Self.unsignedPayload)", at: moment)
        return "\(query)&X-Amz-Signature=\(signature)"
    }

    private func scope(_ moment: Moment) -> String { "\(moment.day)/\(region)/\(service)/aws4_request" }

    private func signature(_ canonicalRequest: String, at moment: Moment) -> String {
        let hash = Hex.text(SHA256.hash(data: Data(canonicalRequest.utf8)))
        let text = "\(Self.algorithm)\n\(moment.text)\n\(scope(moment))\n\(hash)"
        var key = SymmetricKey(data: Data("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [String(moment.day), region, service, "aws4_request", text] {
            key = SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key)))
        }
        return key.withUnsafeBytes { Hex.text($0) }
    }

    /// S3 signs the path as it is sent; all other services normalise it and encode it a second time.
    private func canonical(_ path: String) -> String {
        service == "s3" ? path : PercentEncoding.path(Self.normalized(path))
    }

    /// A path without empty, `.` and `..` segments; a final slash stays unless nothing is left before it.
    private static func normalized(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment != ".." {
                segments.append(segment)
            } else if !segments.isEmpty {
                segments.removeLast()
            }
        }
        let end = path.utf8.last == UInt8(ascii: "/") && !segments.isEmpty ? "/" : ""
        return "/" + segments.joined(separator: "/") + end
    }

    /// The header fields by name in lower case, sorted; the values of a repeated field are joined by commas in their order.
    private static func canonicalHeaders(_ headers: HTTPHeaders, host: String) -> [(name: String, value: String)] {
        var values: [String: [String]] = ["host": [host]]
        for field in headers.fields { values[field.name.lowercased(), default: []].append(collapsed(field.value)) }
        return values.map { (name: $0.key, value: $0.value.joined(separator: ",")) }.sorted { $0.name < $1.name }
    }

    /// White space at the ends goes, runs of it become one space.
    private static func collapsed(_ value: String) -> String {
        value.unicodeScalars.split { $0 == " " || $0 == "\t" }.map(String.init).joined(separator: " ")
    }
}
