import FoundationEssentials
import Glibc
import JSONRPC
import NIOCore

/// Takes a request's body in, to memory or to a file, and no more of it than is allowed. For one event loop.
final class BodyCollector {
    enum Plan: Sendable {
        case memory(maximum: Int)
        /// In a folder, under a temporary name.
        case file(folder: String, maximum: Int)

        var maximum: Int {
            switch self {
            case .memory(let maximum), .file(_, let maximum): maximum
            }
        }
    }

    private let plan: Plan
    private var bytes = Data()
    private var count = 0
    private var file: (path: String, descriptor: Int32)?

    init(_ plan: Plan) {
        self.plan = plan
    }

    /// - Throws: `too_large`.
    func expect(_ length: Int) throws(ServiceError) {
        guard length <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body has \(length) bytes, of at most \(plan.maximum)")
        }
    }

    /// - Throws: `too_large`; `unavailable` with the system's words.
    func add(_ buffer: ByteBuffer) throws(ServiceError) {
        count += buffer.readableBytes
        guard count <= plan.maximum else {
            throw ServiceError(.tooLarge, "the body has more than \(plan.maximum) bytes")
        }
        switch plan {
        case .memory: bytes.append(contentsOf: buffer.readableBytesView)
        case .file(let folder, _): try write(buffer, folder)
        }
    }

    func finished() throws(ServiceError) -> WebRequest.Body {
        switch plan {
        case .memory: return bytes.isEmpty ? .none : .bytes(bytes)
        case .file:
            guard let file else { return .none }
            close(file.descriptor)
            self.file = nil
            return .file(file.path, bytes: count)
        }
    }

    func discard() {
        guard let file else { return }
        close(file.descriptor)
        unlink(file.path)
        self.file = nil
    }

    private func write(_ buffer: ByteBuffer, _ folder: String) throws(ServiceError) {
        if file == nil {
            try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let path = "\(folder)/.\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw failure(path) }
            file = (path, descriptor)
        }
        guard let file else { return }
        let isWritten = buffer.withUnsafeReadableBytes { raw -> Bool in
            var rest = raw[...]
            while !rest.isEmpty {
                let count = Glibc.write(file.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard count > 0 || errno == EINTR else { return false }
                rest = rest.dropFirst(max(count, 0))
            }
            return true
        }
        if !isWritten { throw failure(file.path) }
    }

    private func failure(_ path: String) -> ServiceError {
        ServiceError(.unavailable, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
