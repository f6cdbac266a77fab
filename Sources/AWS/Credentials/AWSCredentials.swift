import Faults
import Untrusted

/// Who calls AWS. It describes itself without its secrets.
package struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    package let accessKeyID: String
    let secretAccessKey: String
    /// Of temporary credentials.
    let sessionToken: String?
    /// Until when they are valid, in seconds since 1970; `nil` for ever.
    package let expiration: Double?

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Double? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    package var description: String { "credentials of \(accessKeyID)" }
    package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

extension AWSCredentials {
    /// A part of credentials as it was found, and how errors name the place, e.g. `AWS_ACCESS_KEY_ID`.
    struct Part {
        var name: String
        var text: String

        init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }

        /// The text without what surrounds it.
        ///
        /// - Throws: `unauthorized` that names the place for what would break a header or a signature.
        func value(allowsSpaces: Bool = false) throws(AWSError) -> String {
            let value = text.strippedSetting()
            guard !value.isEmpty else { throw AWSError(.unauthorized, "\(name) is empty") }
            if let fault = value.keyFault(allowsSpaces: allowsSpaces) {
                throw AWSError(
                    .unauthorized, "\(name): \(fault), which no key of AWS has: correct it where it is written")
            }
            return value
        }
    }

    /// Credentials of parts that were typed, pasted, or written by a program.
    ///
    /// - Throws: `unauthorized` that names the part which cannot be used, and never contains it.
    init(id: Part, secret: Part, token: Part?, expiration: Double? = nil) throws(AWSError) {
        let hasToken = token.map { !$0.text.strippedSetting().isEmpty } ?? false
        self.init(
            accessKeyID: try id.value(), secretAccessKey: try secret.value(allowsSpaces: true),
            sessionToken: hasToken ? try token?.value() : nil, expiration: expiration)
    }
}
