// SPDX-License-Identifier: Apache-2.0

import HTTP
import Testing

@testable import AWS

/// The examples in the S3 documentation.
@Suite(.timeLimit(.minutes(5))) struct SignatureV4Tests {
    private let signer = SignatureV4(
        credentials: AWSCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "s3")
    private let host = "examplebucket.s3.amazonaws.com"
    private let time = SignatureV4.SigningTime(seconds: 1_369_353_600)
    private let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test
    func `signing times are formatted as basic ISO 8601`() {
        #expect(time.text == "20130524T000000Z")
        #expect(SignatureV4.SigningTime(seconds: 1_709_210_096).text == "20240229T123456Z")
    }

    @Test
    func `a range request has the documented signature`() {
        let headers = signer.headers(
            ["Range": "bytes=0-9"], method: "GET", host: host, path: "/test.txt", query: [], payload: empty, at: time)
        #expect(
            headers["authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test
    func `queries with and without values have the documented signatures`() {
        let lifecycle = signer.headers(
            [:], method: "GET", host: host, path: "/", query: [(name: "lifecycle", value: "")], payload: empty,
            at: time)
        #expect(
            lifecycle["authorization"]?.hasSuffix("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
                == true)
        let listing = signer.headers(
            [:], method: "GET", host: host, path: "/",
            query: [(name: "prefix", value: "J"), (name: "max-keys", value: "2")], payload: empty, at: time)
        #expect(
            listing["authorization"]?.hasSuffix("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
                == true)
    }

    @Test
    func `a presigned query has the documented signature`() {
        let query = signer.presignedQuery(method: "GET", host: host, path: "/test.txt", seconds: 86400, at: time)
        #expect(
            query == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test
    func `a session token is sent and signed, and descriptions of credentials contain no secrets`() {
        let credentials = AWSCredentials(accessKeyID: "ID", secretAccessKey: "SECRET", sessionToken: "TOKEN")
        let headers = SignatureV4(credentials: credentials, region: "r", service: "s3").headers(
            [:], method: "GET", host: host, path: "/", query: [], payload: empty, at: time)
        #expect(headers["x-amz-security-token"] == "TOKEN")
        #expect(headers["authorization"]?.contains("x-amz-date;x-amz-security-token,") == true)
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!"\(credentials) \(dumped)".contains("SECRET") && !dumped.contains("TOKEN"))
    }

    /// The expected signatures were computed by botocore.
    @Test
    func `unusual keys and queries have the signatures of botocore, for S3 and for other services`() {
        let credentials = AWSCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            sessionToken: "TOKEN")
        let put = SignatureV4(credentials: credentials, region: "eu-west-1", service: "s3").headers(
            ["Content-Type": "application/json", "X-Amz-Meta-A": "  two   words "], method: "PUT",
            host: "b.s3.eu-west-1.amazonaws.com", path: "/\(CanonicalEncoding.path("x/a b+c=:@(!~%20&é.json"))",
            query: [(name: "x", value: "/ +"), (name: "uploads", value: "")],
            payload: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", at: time)
        #expect(
            put["authorization"]?.hasSuffix("=fd4faf7a60b42d7229e7da70a7799cdefbbb7ce728a1b3cc79d1e98e32c5ce69") == true
        )
        let get = SignatureV4(credentials: credentials, region: "eu-west-1", service: "mediaconvert").headers(
            [:], method: "GET", host: "mediaconvert.eu-west-1.amazonaws.com", path: "/2017-08-29/jobs/a%20b", query: [],
            payload: empty, at: time)
        #expect(
            get["authorization"]?.hasSuffix("=a873331ff97a4ab2fa2ca57987d5e0728c62eb1fdb23750532c232a1535b170d") == true
        )
    }

    @Test
    func `endpoints encode keys and choose the addressing style`() throws {
        let endpoint = try AWSEndpoint(bucket: "films", region: "eu-west-1", override: nil, style: nil)
        #expect(endpoint.host == "films.s3.eu-west-1.amazonaws.com")
        #expect(endpoint.path("/a b/ü+=:@(!~.png") == "/a%20b/%C3%BC%2B%3D%3A%40%28%21~.png")
        let dotted = try AWSEndpoint(bucket: "my.films", region: "cn-north-1", override: nil, style: nil)
        #expect(dotted.host == "s3.cn-north-1.amazonaws.com.cn" && dotted.path("/k") == "/my.films/k")
        let standIn = try AWSEndpoint(bucket: "films", region: "r", override: "http://127.0.0.1:5000", style: nil)
        #expect(standIn.host == "127.0.0.1:5000" && standIn.path("/k") == "/films/k")
        let defaultPort = try AWSEndpoint(
            bucket: "films", region: "r", override: "https://minio.example:443/s3", style: nil)
        #expect(defaultPort.host == "minio.example" && defaultPort.path("/k") == "/s3/films/k")
        #expect(throws: AWSError.self) {
            try AWSEndpoint(bucket: "films", region: "r", override: "minio:9000", style: nil)
        }
    }
}
