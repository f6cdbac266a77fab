// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
package import HTTP
import Hashing

/// AWS Signature Version 4.
///
/// libcurl's own implementation signs some paths and queries incorrectly. The payload hash is always sent.
package struct SignatureV4: Sendable {
    /// A time in the basic ISO 8601 format of signatures.
    package struct SigningTime: Sendable {
        /// For example `20130524T000000Z`.
        package let text: String
        /// The date, for example `20130524`.
        var day: Substring { text.prefix(8) }

        /// Creates a time from seconds since 1970.
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

        /// The current time by this machine's clock, in seconds since 1970.
        package static var seconds: Int { time(nil) }
        /// The current time by this machine's clock.
        package static var now: SigningTime { SigningTime(seconds: seconds) }
    }

    /// The placeholder for the hash of an unsigned payload.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    /// The credentials that sign.
    package let credentials: AWSCredentials
    /// The region in the signature's scope.
    package let region: String
    /// The service in the signature's scope: `s3`, `logs`, `mediaconvert`, ...
    package let service: String

    /// Creates a signer.
    package init(credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// Signs a request in its headers.
    ///
    /// - Parameters:
    ///   - headers: the headers to send; all of them are signed.
    ///   - host: the `Host` header, with the port if it is not the scheme's default.
    ///   - path: the percent-encoded path as it is sent.
    ///   - query: the query parameters, not percent-encoded.
    ///   - payload: the body's SHA-256 in hexadecimal digits, or `unsignedPayload`.
    ///   - time: the signing time.
    /// - Returns: the headers with `Authorization` and the `x-amz-*` fields of the signature.
    package func headers(
        _ headers: HTTPHeaders, method: String, host: String, path: String, query: [(name: String, value: String)],
        payload: String, at time: SigningTime
    ) -> HTTPHeaders {
        var signed = headers
        signed["x-amz-content-sha256"] = payload
        signed["x-amz-date"] = time.text
        if let token = credentials.sessionToken { signed["x-amz-security-token"] = token }
        let lines = Self.canonicalHeaders(signed, host: host)
        let names = lines.map(\.name).joined(separator: ";")
        let signature = signature(
            """
            \(method)
            \(canonical(path))
            \(CanonicalEncoding.query(query))
            \(lines.map { "\($0.name):\($0.value)\n" }.joined())
            \(names)
            \(payload)
            """, at: time)
        signed["Authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(time)),SignedHeaders=\(names),"
            + "Signature=\(signature)"
        return signed
    }

    /// Signs a request in its query, so that anyone can make it.
    ///
    /// - Parameters:
    ///   - host: the `Host` header, with the port if it is not the scheme's default.
    ///   - path: the percent-encoded path as it is sent.
    ///   - seconds: validity from `time` on, at most 604800.
    ///   - time: the signing time.
    /// - Returns: the percent-encoded query of the presigned URL.
    package func presignedQuery(
        method: String, host: String, path: String, seconds: Int, at time: SigningTime
    ) -> String {
        var items = [
            (name: "X-Amz-Algorithm", value: Self.algorithm),
            (name: "X-Amz-Credential", value: "\(credentials.accessKeyID)/\(scope(time))"),
            (name: "X-Amz-Date", value: time.text),
            (name: "X-Amz-Expires", value: String(seconds)),
            (name: "X-Amz-SignedHeaders", value: "host"),
        ]
        if let token = credentials.sessionToken { items.append((name: "X-Amz-Security-Token", value: token)) }
        let query = CanonicalEncoding.query(items)
        let signature = signature(
            "\(method)\n\(canonical(path))\n\(query)\nhost:\(host)\n\nhost\n\(Self.unsignedPayload)", at: time)
        return "\(query)&X-Amz-Signature=\(signature)"
    }

    private func scope(_ time: SigningTime) -> String { "\(time.day)/\(region)/\(service)/aws4_request" }

    private func signature(_ canonicalRequest: String, at time: SigningTime) -> String {
        let hash = SHA256.hash(Data(canonicalRequest.utf8)).hexadecimal
        let text = "\(Self.algorithm)\n\(time.text)\n\(scope(time))\n\(hash)"
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(time.day), region, service, "aws4_request", text] {
            key = HMAC.sha256(Array(part.utf8), key: key).bytes
        }
        return Hexadecimal.text(key)
    }

    /// The canonical path. S3 uses the path as it is sent; all other services normalize it and encode it a second time.
    private func canonical(_ path: String) -> String {
        service == "s3" ? path : CanonicalEncoding.path(Self.normalized(path))
    }

    /// Removes empty, `.` and `..` segments. A trailing slash is preserved unless the path becomes empty.
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

    /// The header fields with lowercase names, sorted by name. Values of repeated fields are joined by commas in their order.
    private static func canonicalHeaders(_ headers: HTTPHeaders, host: String) -> [(name: String, value: String)] {
        var values: [String: [String]] = ["host": [host]]
        for field in headers.fields { values[field.name.lowercased(), default: []].append(collapsed(field.value)) }
        return values.map { (name: $0.key, value: $0.value.joined(separator: ",")) }.sorted { $0.name < $1.name }
    }

    /// Removes surrounding white space and collapses runs of it to one space.
    private static func collapsed(_ value: String) -> String {
        value.unicodeScalars.split { $0 == " " || $0 == "\t" }.map(String.init).joined(separator: " ")
    }
}
