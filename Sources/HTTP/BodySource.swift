// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Supplies the body of a request from memory or from a file. libcurl may rewind it.
final class BodySource {
    /// Size of the body in bytes; `nil` if there is no body.
    let size: Int?
    /// Position of the next byte to send, relative to the start of the body.
    var offset = 0
    /// Position of the body's first byte in the file.
    private let start: Int
    private let bytes: Data
    private let descriptor: Int32
    private let path: String

    /// - Throws: `file` if the body's file cannot be opened.
    init(_ body: HTTPRequest.Body) throws(HTTPError) {
        switch body {
        case .none:
            (size, bytes, descriptor, path, start) = (nil, Data(), -1, "", 0)
        case .bytes(let data):
            (size, bytes, descriptor, path, start) = (data.count, data, -1, "", 0)
        case .file(let path, let range):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            var status = stat()
            guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
                let error = HTTPError(file: path, "cannot be read")
                if descriptor >= 0 { close(descriptor) }
                throw error
            }
            let whole = range ?? 0..<Int(status.st_size)
            (size, bytes, self.descriptor, self.path, start) = (whole.count, Data(), descriptor, path, whole.lowerBound)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Reads the next bytes of the body.
    ///
    /// - Returns: the number of bytes written to `buffer`; 0 at the end of the body.
    /// - Throws: `file` if the file cannot be read or is shorter than announced.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPError) -> Int {
        let count = min(buffer.count, max(0, (size ?? 0) - offset))
        guard count > 0 else { return 0 }
        if descriptor < 0 {
            let start = bytes.startIndex + offset
            bytes.copyBytes(to: buffer, from: start..<start + count)
            offset += count
            return count
        }
        while true {
            let readCount = pread(descriptor, buffer.baseAddress, count, off_t(start + offset))
            if readCount > 0 {
                offset += readCount
                return readCount
            }
            guard readCount < 0, errno == EINTR else {
                throw readCount == 0
                    ? HTTPError(.file, "\(path) was truncated during the upload", code: ESTALE)
                    : HTTPError(file: path, "cannot be read")
            }
        }
    }
}
