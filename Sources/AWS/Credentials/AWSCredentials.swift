// SPDX-License-Identifier: Apache-2.0

import Faults
import Untrusted

/// An AWS access key, permanent or temporary. Descriptions and mirrors contain no secrets.
package struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The access key's public identifier.
    package let accessKeyID: String
    let secretAccessKey: String
    /// The session token of temporary credentials.
    let sessionToken: String?
    /// When the credentials expire, in seconds since 1970; `nil` for permanent ones.
    package let expiration: Double?

    /// Creates credentials without validation.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Double? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// The access key's identifier, without secrets.
    package var description: String { "credentials of \(accessKeyID)" }
    /// A mirror without secrets.
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

extension AWSCredentials {
    /// An unvalidated field of credentials.
    struct Field {
        /// The source of the field for messages, for example `AWS_ACCESS_KEY_ID`.
        var name: String
        var text: String

        init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }

        /// The text without surrounding white space and quotes.
        ///
        /// - Throws: `unauthorized` that names the source if the text is empty or would corrupt a header or a signature.
        func value(allowsSpaces: Bool = false) throws(AWSError) -> String {
            let value = text.strippedSetting()
            guard !value.isEmpty else { throw AWSError(.unauthorized, "\(name) is empty") }
            if let violation = value.invalidTokenReason(allowsSpaces: allowsSpaces) {
                throw AWSError(
                    .unauthorized, "\(name): \(violation), which AWS keys never contain; correct the value")
            }
            return value
        }
    }

    /// Creates credentials from fields that were typed, pasted, or written by a program.
    ///
    /// - Throws: `unauthorized` that names the invalid field, without its value.
    init(id: Field, secret: Field, token: Field?, expiration: Double? = nil) throws(AWSError) {
        let hasToken = token.map { !$0.text.strippedSetting().isEmpty } ?? false
        self.init(
            accessKeyID: try id.value(), secretAccessKey: try secret.value(allowsSpaces: true),
            sessionToken: hasToken ? try token?.value() : nil, expiration: expiration)
    }
}
