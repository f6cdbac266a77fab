// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import NIOCore

/// Collects the body of a request within its bound, in memory or in a file. Confined to one event loop.
final class BodyCollector {
    /// Where a body goes, and how many bytes it may have.
    enum Plan: Sendable {
        /// Into memory.
        case memory(maximum: Int)
        /// Into a temporary file of a folder, within a quota that all uploads share.
        case file(folder: String, quota: UploadQuota, maximum: Int)

        /// Bytes that the body may have.
        var maximum: Int {
            switch self {
            case .memory(let maximum), .file(_, _, let maximum): maximum
            }
        }
    }

    private let plan: Plan
    private var bytes = Data()
    private var count = 0
    private var file: UploadFile?

    init(_ plan: Plan) {
        self.plan = plan
    }

    /// Checks the announced length, before the first byte.
    ///
    /// - Throws: `too_large`; `unavailable` if the quota has no room for it.
    func expect(_ length: Int) throws(ServiceError) {
        guard length <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body has \(length) bytes; the limit is \(plan.maximum)")
        }
        if case .file(_, let quota, _) = plan { try quota.check(length) }
    }

    /// Appends bytes of the body.
    ///
    /// - Throws: `too_large`; `unavailable` with the system's error.
    func add(_ buffer: ByteBuffer) throws(ServiceError) {
        count += buffer.readableBytes
        guard count <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body is larger than the limit of \(plan.maximum) bytes")
        }
        switch plan {
        case .memory: bytes.append(contentsOf: buffer.readableBytesView)
        case .file(let folder, let quota, _): try write(buffer, folder, quota)
        }
    }

    /// Returns the whole body; a file belongs to the caller from then on.
    func finish() -> WebRequest.Body {
        switch plan {
        case .memory: return bytes.isEmpty ? .none : .bytes(bytes)
        case .file:
            guard let file else { return .none }
            self.file = nil
            return .file(file, bytes: count)
        }
    }

    /// Removes the temporary file, if there is one.
    func discard() {
        file?.discard()
        file = nil
    }

    private func write(_ buffer: ByteBuffer, _ folder: String, _ quota: UploadQuota) throws(ServiceError) {
        if file == nil { file = try UploadFile(in: folder, quota) }
        guard let file else { return }
        // The error is passed as a value: `withUnsafeReadableBytes` would erase its type.
        let error = buffer.withUnsafeReadableBytes { raw -> ServiceError? in
            do throws(ServiceError) {
                try file.write(raw)
                return nil
            } catch {
                return error
            }
        }
        if let error { throw error }
    }
}
