// SPDX-License-Identifier: Apache-2.0

import HTTP

/// Storage options of uploaded objects: encryption by a KMS key, and the storage class.
struct S3StorageOptions: Sendable {
    /// `UNDERSTUDY_S3_KMS_KEY`: the identifier, ARN or alias of a KMS key; `nil` for the bucket's default encryption.
    let kmsKey: String?
    /// `UNDERSTUDY_S3_STORAGE_CLASS`, for example `STANDARD_IA`; `nil` for the default.
    let storageClass: String?

    init(environment: [String: String]) {
        kmsKey = environment.variable("UNDERSTUDY_S3_KMS_KEY")
        storageClass = environment.variable("UNDERSTUDY_S3_STORAGE_CLASS")
    }

    /// Adds the options to the headers of an upload or a copy.
    func apply(to headers: inout HTTPHeaders) {
        if let kmsKey {
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = kmsKey
        }
        if let storageClass { headers["x-amz-storage-class"] = storageClass }
    }
}
