import Faults
import Synchronization

/// The bytes that uploads under way may take of this machine's disk together.
final class UploadRoom: Sendable {
    /// `provider_code` of the error for an upload that does not fit: the answer is 507.
    static let full = "uploads_full"

    private let maximum: Int
    private let used = Atomic(0)

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// - Throws: `unavailable` if that many bytes do not fit; nothing is taken then.
    func take(_ bytes: Int) throws(ServiceError) {
        let before = used.add(bytes, ordering: .relaxed).oldValue
        guard bytes > maximum - before else { return }
        give(bytes)
        throw refusal
    }

    func give(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
    }

    /// Refuses an upload before its first byte.
    ///
    /// - Parameter bytes: that it is going to have.
    func check(_ bytes: Int) throws(ServiceError) {
        guard bytes <= maximum - used.load(ordering: .relaxed) else { throw refusal }
    }

    private var refusal: ServiceError {
        ServiceError(
            .unavailable,
            "uploads under way may have \(maximum) bytes together (UNDERSTUDY_DASHBOARD_UPLOADS_BYTES): send it again when they are done",
            providerCode: Self.full)
    }
}
