import Faults
import FoundationEssentials
import NIOCore

/// Takes a request's body in, to memory or to a file, and no more of it than is allowed. For one event loop.
final class BodyCollector {
    enum Plan: Sendable {
        case memory(maximum: Int)
        /// In a folder, under a temporary name.
        case file(folder: String, room: UploadRoom, maximum: Int)

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

    /// - Throws: `too_large`; `unavailable` if there is no room for it beside other uploads.
    func expect(_ length: Int) throws(ServiceError) {
        guard length <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body has \(length) bytes, of at most \(plan.maximum)")
        }
        if case .file(_, let room, _) = plan { try room.check(length) }
    }

    /// - Throws: `too_large`; `unavailable` with the system's words.
    func add(_ buffer: ByteBuffer) throws(ServiceError) {
        count += buffer.readableBytes
        guard count <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body has more than \(plan.maximum) bytes")
        }
        switch plan {
        case .memory: bytes.append(contentsOf: buffer.readableBytesView)
        case .file(let folder, let room, _): try write(buffer, folder, room)
        }
    }

    func finished() throws(ServiceError) -> WebRequest.Body {
        switch plan {
        case .memory: return bytes.isEmpty ? .none : .bytes(bytes)
        case .file:
            guard let file else { return .none }
            self.file = nil
            return .file(file, bytes: count)
        }
    }

    func discard() {
        file?.discard()
        file = nil
    }

    private func write(_ buffer: ByteBuffer, _ folder: String, _ room: UploadRoom) throws(ServiceError) {
        if file == nil { file = try UploadFile(in: folder, room) }
        guard let file else { return }
        // A closure that rethrows would lose the error's type.
        let fault = buffer.withUnsafeReadableBytes { raw -> ServiceError? in
            do throws(ServiceError) {
                try file.write(raw)
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
    }
}
