// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Contracts
import Faults
import ServiceKit

/// Checks the configured parts of AWS: the credentials and their identity, the bucket, the log group, the queue and the role.
struct AWSCheck {
    private let settings: ServiceSettings
    /// One account for all checks: finding credentials may run programs and call servers.
    private let account: AWSAccount

    init(settings: ServiceSettings) {
        self.settings = settings
        account = AWSAccount(serviceEnvironment: settings.environment)
    }

    /// Runs the checks of what is configured; none if nothing of AWS is.
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

    private func finding(_ subject: String, _ check: () async throws -> (Finding.Grade, String)) async -> Finding {
        do {
            let (grade, text) = try await check()
            return Finding(grade: grade, subject: subject, text: text)
        } catch {
            return Finding(grade: .bad, subject: subject, text: ServiceError(wrapping: error).message)
        }
    }

    /// The source of the credentials, and why the other sources are not used.
    private func credentials() async throws -> (Finding.Grade, String) {
        let steps = try await account.credentialSteps()
        let isUsed = steps.contains { if case .used = $0.outcome { true } else { false } }
        return (isUsed ? .good : .bad, steps.map(\.description).joined(separator: "; "))
    }

    /// The identity of the credentials. A store with an S3-compatible API need not have STS, and its credentials are not those of AWS.
    ///
    /// - Parameters:
    ///   - isStoreGood: whether the credentials give access to the bucket.
    ///   - usesServices: whether services other than S3 are configured.
    private func caller(isStoreGood: Bool, usesServices: Bool) async -> Finding {
        let (store, tokens) = (account.endpoint(.s3), account.endpoint(.sts))
        if let store, tokens == nil, !usesServices {
            return Finding(grade: .note, subject: "aws", text: "not checked: the store is at \(store), not at AWS")
        }
        let found = await finding("aws") {
            let caller = try await CallerIdentity.fetch(account)
            let region = (try? account.region()) ?? "no region"
            let source = try await account.credentialSource()
            return (.good, "\(caller.arn) of account \(caller.account), by \(source), \(region)")
        }
        // An endpoint that is configured for STS itself must work.
        guard let store, tokens == nil || tokens == store, found.grade == .bad, isStoreGood else { return found }
        return Finding(
            grade: .note, subject: "aws",
            text: "STS does not confirm the credentials, but the store at \(store) accepts them and does not need STS")
    }

    private func bucket(_ uri: ArtifactURI) async throws -> (Finding.Grade, String) {
        let name = String(uri.path.prefix { $0 != "/" })
        try await S3Client(account: account).checkBucket(name)
        return (.good, "s3://\(name) exists")
    }

    private func group() async throws -> (Finding.Grade, String) {
        let name = settings.string("UNDERSTUDY_LOG_GROUP") ?? LoggerAPI.group
        let exists = try await LogsClient(account: account).hasGroup(name)
        return (.good, exists ? "\(name) exists" : "\(name) does not exist yet: the first event creates it")
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
        let name = settings.string("UNDERSTUDY_MEDIACONVERT_ROLE") ?? SetupRole.defaultName
        if name.hasPrefix("arn:") { return (.note, "\(name) is used without a check") }
        if let role = try await IAMClient(account: account).role(name) { return (.good, "\(role.arn) exists") }
        guard settings.string("UNDERSTUDY_MEDIACONVERT_SETUP") != "off" else {
            return (.bad, "there is no role \(name): call stitcher.setup_role")
        }
        return (.good, "\(name) does not exist yet: the first job creates it")
    }
}
