// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads text files written by users or other programs: keys, tokens, settings.
package enum TextFile {
    /// Why the text could not be read.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case absent
        /// The file exists and cannot be opened or read.
        case unreadable(errno: Int32)
        /// The file has more than `maximum` bytes.
        case tooLong(maximum: Int)
        case notUTF8

        /// The reason, as a clause that follows the file's path.
        package var description: String {
            switch self {
            case .absent: "there is no such file"
            case .unreadable(let code): String(cString: strerror(code))
            case .tooLong(let maximum): "it has more than \(maximum) bytes"
            case .notUTF8: "it is not UTF-8 text"
            }
        }
    }

    /// Reads a UTF-8 file, which may be a device or an endless pipe.
    ///
    /// - Parameter maximum: the largest accepted size, in bytes.
    /// - Returns: the whole text.
    /// - Throws: `Failure`.
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

    /// Without search permission on the folder it is unknown whether the file exists; treat it as absent.
    private static func failure(_ code: Int32, _ path: String) -> Failure {
        var status = stat()
        switch code {
        case ENOENT, ENOTDIR: return .absent
        case EACCES where stat(path, &status) != 0: return .absent
        default: return .unreadable(errno: code)
        }
    }
}
