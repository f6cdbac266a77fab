import Faults

/// Keys in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
struct EnvironmentCredentials: Sendable {
    let settings: AWSSettings

    /// - Throws: `unauthorized` for half of a pair, and for a value that is no key.
    func find() throws(AWSError) -> CredentialFinding {
        let (idName, secretName, tokenName) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        let (id, secret) = (settings.variable(idName), settings.variable(secretName))
        if id == nil, secret == nil {
            return .absent("\(idName) is \(settings.environment[idName] == nil ? "not set" : "empty")")
        }
        guard let id else { throw AWSError(.unauthorized, "\(secretName) is set and \(idName) is not: set both") }
        guard let secret else { throw AWSError(.unauthorized, "\(idName) is set and \(secretName) is not: set both") }
        let keys = try AWSCredentials(
            id: .init(idName, id), secret: .init(secretName, secret),
            token: settings.variable(tokenName).map { .init(tokenName, $0) })
        return .found(FoundCredentials(credentials: keys, source: "the environment"))
    }
}
