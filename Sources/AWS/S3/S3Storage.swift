import HTTP

/// How objects are kept: encrypted by a key of KMS, in a storage class.
struct S3Storage: Sendable {
    /// `UNDERSTUDY_S3_KMS_KEY`: an id, an ARN or an alias.
    let key: String?
    /// `UNDERSTUDY_S3_STORAGE_CLASS`, e.g. `STANDARD_IA`.
    let storageClass: String?

    init(environment: [String: String]) {
        key = environment.variable("UNDERSTUDY_S3_KMS_KEY")
        storageClass = environment.variable("UNDERSTUDY_S3_STORAGE_CLASS")
    }

    func mark(_ headers: inout HTTPHeaders) {
        if let key {
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = key
        }
        if let storageClass { headers["x-amz-storage-class"] = storageClass }
    }
}
