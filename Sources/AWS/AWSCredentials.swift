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
