import AWS
import Contracts
import FoundationEssentials
import JSONRPC
import Synchronization

/// The role that jobs are made with: the one that is configured, made on first use where that is allowed.
final class CloudRole: Sendable {
    struct Found: Sendable {
        var arn: String
        /// Whether it was made just now, so that MediaConvert may not know it yet.
        var isNew: Bool
    }

    private let settings: CloudSettings
    private let account: AWSAccount
    /// Buckets for which the role is set up, and the role's ARN.
    private let known = Mutex<(buckets: Set<String>, arn: String?)>(([], nil))

    init(settings: CloudSettings, account: AWSAccount) {
        self.settings = settings
        self.account = account
    }

    /// The role for jobs that read and write buckets.
    ///
    /// - Throws: `not_found` for a role that is not there and may not be made; what IAM says.
    func find(for buckets: Set<String>) async throws -> Found {
        // Who gives an ARN has set the role up, maybe in another account.
        if settings.role.hasPrefix("arn:") { return Found(arn: settings.role, isNew: false) }
        let (done, arn) = known.withLock { $0 }
        if let arn, done.isSuperset(of: buckets) { return Found(arn: arn, isNew: false) }
        var found: Found?
        if settings.makesRole {
            for bucket in buckets.sorted() {
                let made = try await MediaConvertRole(account: account).setUp(
                    SetupRole(roleName: settings.role, bucket: bucket))
                found = Found(arn: made.roleARN, isNew: made.created || found?.isNew == true)
            }
        } else {
            found = try await IAMClient(account: account).role(settings.role).map { Found(arn: $0.arn, isNew: false) }
        }
        guard let found else {
            throw ServiceError(
                .notFound, "there is no role \(settings.role) for MediaConvert: call stitcher.setup_role",
                provider: "iam")
        }
        known.withLock { known in
            known.buckets.formUnion(buckets)
            known.arn = found.arn
        }
        return found
    }

    /// The role may have been deleted or changed: it is looked at again for the next job.
    func forget() {
        known.withLock { $0 = ([], nil) }
    }
}
