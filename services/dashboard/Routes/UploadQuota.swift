// SPDX-License-Identifier: Apache-2.0

import Faults
import Synchronization

/// The disk space that all uploads in progress share.
final class UploadQuota: Sendable {
    /// The `provider_code` of the error of an upload that does not fit, which is answered with status 507.
    static let exceeded = "uploads_full"

    private let maximum: Int
    private let used = Atomic(0)

    /// - Parameter maximum: in bytes.
    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Reserves bytes.
    ///
    /// - Throws: `unavailable` if they do not fit; nothing is reserved then.
    func reserve(_ bytes: Int) throws(ServiceError) {
        let before = used.add(bytes, ordering: .relaxed).oldValue
        guard bytes > maximum - before else { return }
        release(bytes)
        throw error
    }

    /// Releases reserved bytes.
    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
    }

    /// Checks whether an upload would fit, before its first byte. Nothing is reserved.
    ///
    /// - Parameter bytes: the announced length.
    /// - Throws: `unavailable` if it does not fit.
    func check(_ bytes: Int) throws(ServiceError) {
        guard bytes <= maximum - used.load(ordering: .relaxed) else { throw error }
    }

    private var error: ServiceError {
        ServiceError(
            .unavailable,
            "uploads in progress may use \(maximum) bytes in total (UNDERSTUDY_DASHBOARD_UPLOADS_BYTES): retry when they are done",
            providerCode: Self.exceeded)
    }
}
