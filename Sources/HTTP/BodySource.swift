import FoundationEssentials
import Glibc

/// The bytes that a request sends, from memory or a file; libcurl may rewind it.
final class BodySource {
    /// `nil` where there is no body.
    let size: Int?
    var offset = 0
    /// Where the bytes begin in the file.
    private let start: Int
    private let bytes: Data
    private let descriptor: Int32
    private let path: String

    /// - Throws: `file`.
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

    /// -> bytes that were put into `space`; 0 at the end.
    func read(into space: UnsafeMutableRawBufferPointer) throws(HTTPError) -> Int {
        let count = min(space.count, max(0, (size ?? 0) - offset))
        guard count > 0 else { return 0 }
        if descriptor < 0 {
            let start = bytes.startIndex + offset
            bytes.copyBytes(to: space, from: start..<start + count)
            offset += count
            return count
        }
        while true {
            let got = pread(descriptor, space.baseAddress, count, off_t(start + offset))
            if got > 0 {
                offset += got
                return got
            }
            guard got < 0, errno == EINTR else {
                throw got == 0
                    ? HTTPError(.file, "\(path) became shorter while it was sent", code: ESTALE)
                    : HTTPError(file: path, "cannot be read")
            }
        }
    }
}
