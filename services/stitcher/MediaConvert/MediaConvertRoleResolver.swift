// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import Faults
import FoundationEssentials
import Synchronization

/// Resolves the ARN of the role that jobs run under. The role is created on first use if the settings allow it; results are cached.
final class MediaConvertRoleResolver: Sendable {
    /// How long AWS takes at most to propagate a change of a role (IAM is eventually consistent).
    private static let propagationTime = Duration.seconds(60)

    private struct State {
        /// The buckets that the role can access.
        var buckets: Set<String> = []
        var arn: String?
        /// When this process last created or changed the role.
        var changed: ContinuousClock.Instant?
    }

    private let settings: MediaConvertSettings
    private let account: AWSAccount
    private let state = Mutex(State())

    init(settings: MediaConvertSettings, account: AWSAccount) {
        self.settings = settings
        self.account = account
    }

    /// Whether this process created or changed the role so recently that MediaConvert may not see the change yet.
    var isRecentlyChanged: Bool {
        state.withLock { state in state.changed.map { $0.duration(to: .now) < Self.propagationTime } ?? false }
    }

    /// Returns the ARN of a role that can read and write buckets.
    ///
    /// - Parameter buckets: the buckets' names.
    /// - Throws: `not_found` if the role does not exist and must not be created; `conflict` if MediaConvert may not assume it;
    ///   IAM's errors.
    func arn(for buckets: Set<String>) async throws -> String {
        // A role given by ARN may be in another account: its owner has configured it.
        if settings.role.hasPrefix("arn:") { return settings.role }
        let (accessible, arn) = state.withLock { ($0.buckets, $0.arn) }
        if let arn, accessible.isSuperset(of: buckets) { return arn }
        var found: String?
        if settings.createsRole {
            for bucket in buckets.sorted() {
                let (made, isChanged) = try await MediaConvertRoleProvisioner(account: account).ensure(
                    SetupRole(roleName: settings.role, bucket: bucket))
                found = made.roleARN
                if isChanged { state.withLock { $0.changed = .now } }
            }
        } else {
            found = try await IAMClient(account: account).role(settings.role)?.arn
        }
        guard let found else {
            throw ServiceError(
                .notFound, "there is no role \(settings.role) for MediaConvert: call stitcher.setup_role",
                provider: "iam")
        }
        state.withLock { state in
            state.buckets.formUnion(buckets)
            state.arn = found
        }
        return found
    }

    /// Clears the cache, because the role may have been deleted or changed outside this process.
    func invalidate() {
        state.withLock { ($0.buckets, $0.arn) = ([], nil) }
    }
}
