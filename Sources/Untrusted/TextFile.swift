import Glibc

/// A file of text that something else wrote: a key, a token, settings.
package enum TextFile {
    /// Why there is no text.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case absent
        /// It is there and cannot be opened or read.
        case unreadable(errno: Int32)
        case tooLong(maximum: Int)
        case notUTF8

        package var description: String {
            switch self {
            case .absent: "there is no such file"
            case .unreadable(let code): String(cString: strerror(code))
            case .tooLong(let maximum): "it has more than \(maximum) bytes"
            case .notUTF8: "it is not UTF-8 text"
            }
        }
    }

    /// Reads a file that may be a device or a pipe without an end.
    ///
    /// - Parameter maximum: bytes.
    package static func read(_ path: String, maximum: Int) throws(Failure) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(errno, path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: maximum + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw .unreadable(errno: errno) }
            guard more > 0 else {
                guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else { throw .notUTF8 }
                return text
            }
            count += more
        }
        throw .tooLong(maximum: maximum)
    }

    /// A folder that may not be entered hides whether the file is there.
    private static func failure(_ code: Int32, _ path: String) -> Failure {
        var status = stat()
        switch code {
        case ENOENT, ENOTDIR: return .absent
        case EACCES where stat(path, &status) != 0: return .absent
        default: return .unreadable(errno: code)
        }
    }
}
