import AWS
import Contracts
import Faults
import FoundationEssentials
import Synchronization

/// The role that jobs are made with: the one that is configured, made on first use where that is allowed.
final class CloudRole: Sendable {
    /// How long AWS takes at most until all of it knows of a change.
    private static let spreading = Duration.seconds(60)

    private struct Known {
        /// For which the role is set up.
        var buckets: Set<String> = []
        var arn: String?
        var changed: ContinuousClock.Instant?
    }

    private let settings: CloudSettings
    private let account: AWSAccount
    private let known = Mutex(Known())

    init(settings: CloudSettings, account: AWSAccount) {
        self.settings = settings
        self.account = account
    }

    /// Whether the role was made or changed here so lately that MediaConvert may still see what was before.
    var isFresh: Bool {
        known.withLock { known in known.changed.map { $0.duration(to: .now) < Self.spreading } ?? false }
    }

    /// The ARN of the role for jobs that read and write buckets.
    ///
    /// - Throws: `not_found` for a role that is not there and may not be made; what IAM says.
    func find(for buckets: Set<String>) async throws -> String {
        // Who gives an ARN has set the role up, maybe in another account.
        if settings.role.hasPrefix("arn:") { return settings.role }
        let (done, arn) = known.withLock { ($0.buckets, $0.arn) }
        if let arn, done.isSuperset(of: buckets) { return arn }
        var found: String?
        if settings.makesRole {
            for bucket in buckets.sorted() {
                let (made, isChanged) = try await MediaConvertRole(account: account).ensure(
                    SetupRole(roleName: settings.role, bucket: bucket))
                found = made.roleARN
                if isChanged { known.withLock { $0.changed = .now } }
            }
        } else {
            found = try await IAMClient(account: account).role(settings.role)?.arn
        }
        guard let found else {
            throw ServiceError(
                .notFound, "there is no role \(settings.role) for MediaConvert: call stitcher.setup_role",
                provider: "iam")
        }
        known.withLock { known in
            known.buckets.formUnion(buckets)
            known.arn = found
        }
        return found
    }

    /// The role may have been deleted or changed: it is looked at again for the next job.
    func forget() {
        known.withLock { ($0.buckets, $0.arn) = ([], nil) }
    }
}
