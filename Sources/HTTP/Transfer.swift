import CCurl
import Glibc

/// One exchange: an easy handle, what it sends, and what has come so far. Made by the caller, then touched by the client's
/// thread alone.
final class Transfer: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
    private let request: HTTPRequest
    private var continuation: CheckedContinuation<HTTPResponse, any Error>?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var headers: [String: String] = [:]
    private var body: [UInt8] = []
    private var received = 0
    private var file: Int32 = -1
    private var fault: HTTPError?

    /// - Throws: `invalidRequest` for a URL or header that cannot be sent, `output` where the file cannot be opened.
    init(_ request: HTTPRequest) throws(HTTPError) {
        guard request.url.hasPrefix("http://") || request.url.hasPrefix("https://"), !request.url.utf8.contains(0)
        else {
            throw HTTPError(kind: .invalidRequest, message: "\(request.publicURL) is no http or https URL")
        }
        for (name, value) in request.headers
        where (name + value).utf8.contains(where: { $0 < 0x20 && $0 != 9 || $0 == 0x7F }) {
            throw HTTPError(kind: .invalidRequest, message: "the header \(name.prefix(40)) holds a control character")
        }
        guard let handle = curl_easy_init() else {
            throw HTTPError(kind: .unreachable, message: "libcurl has no memory")
        }
        self.handle = handle
        self.request = request
        if case .file(let path) = request.destination {
            file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
            guard file >= 0 else {
                throw HTTPError(kind: .output, message: "cannot write \(path): \(String(cString: strerror(errno)))")
            }
        }
        configure()
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
        if file >= 0 { close(file) }
    }

    func begin(_ continuation: CheckedContinuation<HTTPResponse, any Error>) { self.continuation = continuation }

    func cancel() {
        continuation?.resume(throwing: CancellationError())
        continuation = nil
    }

    func finish(_ code: CURLcode) {
        defer { continuation = nil }
        if let fault {
            continuation?.resume(throwing: fault)
            return
        }
        guard code == CURLE_OK else {
            let reason = String(cString: curl_easy_strerror(code))
            let kind: HTTPError.Kind =
                switch code {
                case CURLE_OPERATION_TIMEDOUT: .timeout
                case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest
                default: .unreachable
                }
            continuation?.resume(
                throwing: HTTPError(kind: kind, message: "\(request.method) \(request.publicURL): \(reason)"))
            return
        }
        var status = 0
        _ = us_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        continuation?.resume(returning: HTTPResponse(status: status, headers: headers, body: body))
    }

    private func configure() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = us_set_text(handle, CURLOPT_URL, request.url)
        _ = us_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = us_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = us_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        _ = us_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(request.connectTimeout * 1000))
        _ = us_set_long(handle, CURLOPT_TIMEOUT_MS, Int(request.timeout * 1000))
        _ = us_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        _ = us_set_long(handle, CURLOPT_LOW_SPEED_TIME, request.stallTimeout)
        _ = us_set_text(handle, CURLOPT_ACCEPT_ENCODING, "")
        // The path stays as it was written: a signature covers it.
        _ = us_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        if request.method == "HEAD" {
            _ = us_set_long(handle, CURLOPT_NOBODY, 1)
        } else {
            _ = us_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        }
        if let body = request.body {
            _ = us_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            _ = body.withUnsafeBytes {
                us_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: $0.baseAddress))
            }
        }
        // An empty value needs libcurl's own way of writing it; `Expect` would cost a round trip.
        for (name, value) in request.headers + [("Expect", "")] {
            headerList = curl_slist_append(headerList, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        _ = us_set_list(handle, CURLOPT_HTTPHEADER, headerList)
        _ = us_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = us_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = us_set_callback(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().take(bytes) ? size * count : 0
        }
        _ = us_set_callback(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
            Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().takeHeader(bytes)
            return size * count
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        received += bytes.count
        guard received <= request.maximumBytes else {
            fault = HTTPError(
                kind: .tooLarge, message: "\(request.publicURL) answers with more than \(request.maximumBytes) bytes")
            return false
        }
        guard file >= 0 else {
            body += bytes
            return true
        }
        var offset = 0
        while offset < bytes.count {
            let count = write(file, bytes.baseAddress! + offset, bytes.count - offset)
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                fault = HTTPError(
                    kind: .output, message: "the answer of \(request.publicURL) cannot be written: \(reason)")
                return false
            }
            offset += count
        }
        return true
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self)
        // A status line begins the headers anew, after `100 Continue` for example.
        if line.hasPrefix("HTTP/") { headers = [:] }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...]
        headers[line[..<colon].lowercased()] = String(
            value.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
