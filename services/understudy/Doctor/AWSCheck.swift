import AWS
import Artifacts
import Contracts
import Faults
import ServiceKit

/// What of AWS is configured: who it takes us for, and whether the bucket, the log group, the queue and the role are there.
struct AWSCheck {
    private let settings: ServiceSettings
    /// One for all questions: a search for credentials may run programs and ask servers.
    private let account: AWSAccount

    init(settings: ServiceSettings) {
        self.settings = settings
        account = AWSAccount(ofService: settings.environment)
    }

    func findings() async -> [Finding] {
        let bucket = (try? ArtifactURI(settings.store)).flatMap { $0.scheme == .s3 ? $0 : nil }
        let logs = settings.string("UNDERSTUDY_LOG_SINKS")?.contains("cloudwatch") == true
        let converts = ["mediaconvert", "auto"].contains(settings.string("UNDERSTUDY_STITCH_BACKEND"))
        guard bucket != nil || logs || converts else { return [] }
        var findings = [await finding("credentials", credentials)]
        for text in account.missingFiles { findings.append(Finding(grade: .note, subject: "credentials", text: text)) }
        var store: Finding?
        if let bucket { store = await finding("bucket") { try await self.bucket(bucket) } }
        findings.append(await caller(isStoreGood: store?.grade == .good, usesServices: logs || converts))
        if let store { findings.append(store) }
        if logs { findings.append(await finding("log group", group)) }
        if converts {
            findings.append(await finding("mediaconvert", queue))
            findings.append(await finding("role", role))
        }
        return findings
    }

    private func finding(_ subject: String, _ look: () async throws -> (Finding.Grade, String)) async -> Finding {
        do {
            let (grade, text) = try await look()
            return Finding(grade: grade, subject: subject, text: text)
        } catch {
            return Finding(grade: .bad, subject: subject, text: ServiceError(wrapping: error).message)
        }
    }

    /// Which source of credentials is used, and why not the others.
    private func credentials() async throws -> (Finding.Grade, String) {
        let steps = try await account.credentialSteps()
        let isUsed = steps.contains { if case .used = $0.outcome { true } else { false } }
        return (isUsed ? .good : .bad, steps.map(\.description).joined(separator: "; "))
    }

    /// Who AWS takes us for. A store that only speaks like S3 need not have STS, and its credentials are none of AWS's.
    ///
    /// - Parameters:
    ///   - isStoreGood: whether the bucket can be read, so that the credentials are good for what they are used for.
    ///   - usesServices: whether other services than S3 are configured.
    private func caller(isStoreGood: Bool, usesServices: Bool) async -> Finding {
        let (store, tokens) = (account.endpoint(.s3), account.endpoint(.sts))
        if let store, tokens == nil, !usesServices {
            return Finding(grade: .note, subject: "aws", text: "not asked: the store is at \(store), not at AWS")
        }
        let found = await finding("aws") {
            let caller = try await CallerIdentity.ask(account)
            let region = (try? account.region()) ?? "no region"
            return (.good, "\(caller.arn) of account \(caller.account), by \(try await account.source()), \(region)")
        }
        // An endpoint of STS that is configured by itself has to work.
        guard let store, tokens == nil || tokens == store, found.grade == .bad, isStoreGood else { return found }
        return Finding(
            grade: .note, subject: "aws",
            text: "\(store) has no STS that knows these credentials, and needs none: the bucket can be used")
    }

    private func bucket(_ uri: ArtifactURI) async throws -> (Finding.Grade, String) {
        let name = String(uri.path.prefix { $0 != "/" })
        try await S3Client(account: account).checkBucket(name)
        return (.good, "s3://\(name) is there")
    }

    private func group() async throws -> (Finding.Grade, String) {
        let name = settings.string("UNDERSTUDY_LOG_GROUP") ?? LoggerAPI.group
        let isThere = try await LogsClient(account: account).hasGroup(name)
        return (.good, isThere ? "\(name) is there" : "\(name) is not there yet: the first event makes it")
    }

    private func queue() async throws -> (Finding.Grade, String) {
        let name = settings.string("UNDERSTUDY_MEDIACONVERT_QUEUE") ?? "Default"
        let status = try await MediaConvertClient(account: account).queueStatus(name)
        guard status == "ACTIVE" else {
            return (.bad, "the queue \(name) is \(status): its jobs wait until it is active")
        }
        return (.good, "the queue \(name) is \(status)")
    }

    private func role() async throws -> (Finding.Grade, String) {
        let name = settings.string("UNDERSTUDY_MEDIACONVERT_ROLE") ?? SetupRole.usualName
        if name.hasPrefix("arn:") { return (.note, "\(name) is used as it is") }
        if let role = try await IAMClient(account: account).role(name) { return (.good, "\(role.arn) is there") }
        guard settings.string("UNDERSTUDY_MEDIACONVERT_SETUP") != "off" else {
            return (.bad, "there is no role \(name): call stitcher.setup_role")
        }
        return (.good, "\(name) is not there yet: the first job makes it")
    }
}
