import FoundationEssentials
import Testing

@testable import AWS

@Suite struct SignatureV4Tests {
    private let signer = SignatureV4(
        credentials: AWSCredentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1", service: "s3")
    private let host = "examplebucket.s3.amazonaws.com"
    /// 2013-05-24T00:00:00Z.
    private let date = Date(timeIntervalSince1970: 1_369_353_600)

    private func signature(_ path: String, _ query: [(String, String)] = [], _ headers: [(String, String)] = [])
        -> String?
    {
        let signed = signer.sign(
            method: "GET", host: host, path: path, query: query, headers: headers, payloadHash: SignatureV4.emptyHash,
            at: date)
        return signed.last.map { String($0.1.suffix(64)) }
    }

    @Test("the examples of the S3 documentation give their signatures")
    func examples() {
        #expect(
            signature("/test.txt", [], [("Range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            signature("/", [("lifecycle", "")]) == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            signature("/", [("prefix", "J"), ("max-keys", "2")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test("a presigned URL is the documentation's")
    func presigned() {
        let query = signer.presign(method: "GET", host: host, path: "/test.txt", query: [], seconds: 86_400, at: date)
        #expect(
            query.hasSuffix("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
    }

    @Test("a query is sorted after it is encoded, and every reserved character is encoded")
    func encoding() {
        #expect(SignatureV4.query([("b", "x y/=+"), ("a", ""), ("a", "é")]) == "a=&a=%C3%A9&b=x%20y%2F%3D%2B")
        #expect(SignatureV4.encode("/a b/ü~", keepingSlashes: true) == "/a%20b/%C3%BC~")
    }

    @Test("a secret is not printed with its credentials")
    func secrets() {
        #expect(!"\(signer)".contains("wJalr"))
    }
}

@Suite struct AWSProfileTests {
    private let files = [
        "/h/.aws/credentials":
            "[default]\naws_access_key_id = D\naws_secret_access_key = d\n[default2]\naws_access_key_id=E\naws_secret_access_key=e\n",
        "/h/.aws/config":
            "[default]\nregion = eu-west-1\n[profile default2]\nregion = us-west-2\nendpoint_url = http://127.0.0.1:5000\n",
    ]

    private func profile(_ environment: [String: String], _ name: String? = nil) -> AWSProfile {
        AWSProfile(environment: environment.merging(["HOME": "/h"]) { $1 }, profile: name) { files[$0] }
    }

    @Test("keys come from the environment, then the profile; only a profile that was configured beats the environment")
    func order() {
        let keys = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "a", "AWS_PROFILE": "default2"]
        #expect(profile(keys).credentials?.accessKeyID == "A")
        #expect(profile(keys, "default2").credentials?.accessKeyID == "E")
        #expect(profile(["AWS_PROFILE": "default2"]).credentials?.accessKeyID == "E")
        #expect(profile([:]).credentials?.accessKeyID == "D")
        #expect(profile([:], "nobody").credentials == nil)
    }

    @Test("region and endpoint come from their variables, then the profile")
    func places() {
        #expect(profile([:], "default2").region == "us-west-2")
        #expect(profile(["AWS_DEFAULT_REGION": "x"], "default2").region == "x")
        #expect(profile([:], "default2").endpoint("S3") == "http://127.0.0.1:5000")
        #expect(profile(["AWS_ENDPOINT_URL": "u", "AWS_ENDPOINT_URL_S3": "s"]).endpoint("S3") == "s")
        #expect(profile(["AWS_ENDPOINT_URL": "u"]).endpoint("IAM") == "u")
        #expect(profile([:]).endpoint("S3") == nil)
    }
}
