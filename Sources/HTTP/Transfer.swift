// SPDX-License-Identifier: Apache-2.0

import CCurl
import FoundationEssentials
import Glibc

/// One running exchange: supplies libcurl with the request and collects the response. Used on the loop's thread only.
final class Transfer {
    /// Maximum size of a response's header lines in bytes.
    private static let headerLimit = 256 * 1024
    /// Maximum size in bytes of the body of an unsuccessful response; the rest is discarded.
    private static let errorBodyLimit = 64 * 1024

    let easy: EasyHandle
    private let request: HTTPRequest
    private let continuation: CheckedContinuation<HTTPResponse, any Error>
    private let source: BodySource
    private var response = HTTPResponse(status: 0)
    private var headerBytes = 0
    private var output: Int32 = -1
    /// When the first byte of the response must have arrived; `nil` once it has.
    private(set) var firstByteDeadline: ContinuousClock.Instant?
    /// The error of a callback. It is more specific than libcurl's code for an aborted transfer.
    private var callbackError: HTTPError?
    /// The error for an address that the filter blocked. libcurl may still have connected to another address of the host.
    private var blockedAddressError: HTTPError?
    /// Whether the requested slice is complete and the rest of the body was not read.
    private var isSliceComplete = false
    /// Checks each address before a socket is opened; `nil` if every address is allowed.
    private var addressFilter: UnsafeMutablePointer<ccurl_gate>?

    /// - Parameters:
    ///   - id: identifies the transfer in `id(of:)`.
    ///   - certificates: the path of a PEM file with the CA certificates to trust; the system's if `nil`.
    /// - Throws: `file` if the body's file cannot be read.
    init(
        id: UInt64, _ request: HTTPRequest, _ continuation: CheckedContinuation<HTTPResponse, any Error>,
        certificates: String?
    ) throws(HTTPError) {
        source = try BodySource(request.body)
        guard var easy = EasyHandle() else { throw HTTPError(.unreachable, "not enough memory for an HTTP transfer") }
        for field in request.headers.fields {
            // libcurl removes a header that is given as `Name:`; `Name;` sends it with an empty value.
            easy.addHeader(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // Servers that do not support `100 Continue` would delay each upload by a second.
        easy.addHeader("Expect:")
        easy.applyHeaders()
        self.easy = easy
        self.request = request
        self.continuation = continuation
        // trusted: bounded on the same line
        firstByteDeadline = request.timeouts.firstByte.map { .now + .seconds(min(max($0, 0.001), 1e9)) }
        ccurl_set_pointer(self.easy.pointer, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: UInt(id)))
        configure(certificates)
        connectCallbacks()
    }

    deinit {
        if output >= 0 { close(output) }
        addressFilter?.deallocate()
    }

    /// The identifier of the transfer that owns a libcurl handle.
    static func id(of easy: UnsafeMutableRawPointer) -> UInt64? {
        var value: UnsafeMutableRawPointer?
        guard ccurl_get_pointer(easy, CURLINFO_PRIVATE, &value) == CURLE_OK else { return nil }
        return UInt64(UInt(bitPattern: value))
    }

    /// Fails the transfer with `CancellationError`.
    func cancel() {
        continuation.resume(throwing: CancellationError())
    }

    /// Fails the transfer with `timeout` if the response has not begun by its deadline.
    ///
    /// - Returns: `true` if the transfer has failed.
    func failIfOverdue(at now: ContinuousClock.Instant) -> Bool {
        guard let firstByteDeadline, now >= firstByteDeadline else { return false }
        let seconds = request.timeouts.firstByte ?? 0
        var error = HTTPError(.timeout, "\(request.redactedURL): no response began within \(seconds) s")
        error.wasSent = wasSent
        continuation.resume(throwing: error)
        return true
    }

    /// Resumes the caller with the response or the error of a finished transfer.
    func finish(_ code: CURLcode) {
        var status = 0
        ccurl_get_long(easy.pointer, CURLINFO_RESPONSE_CODE, &status)
        response.status = status
        var redirection: UnsafeMutablePointer<CChar>?
        if ccurl_get_text(easy.pointer, CURLINFO_REDIRECT_URL, &redirection) == CURLE_OK, let redirection {
            response.redirection = String(cString: redirection)
        }
        do throws(HTTPError) {
            if let callbackError { throw callbackError }
            guard code == CURLE_OK || isSliceComplete else { throw blockedAddressError ?? error(code) }
            if response.isSuccess {
                try checkPartial()
                try openOutput()
            }
            continuation.resume(returning: response)
        } catch {
            var error = error
            error.wasSent = wasSent
            continuation.resume(throwing: error)
        }
    }

    // MARK: - Configuration

    private func configure(_ certificates: String?) {
        easy.set(CURLOPT_URL, request.url)
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_PATH_AS_IS, 1)
        easy.set(CURLOPT_NOSIGNAL, 1)
        easy.set(CURLOPT_TCP_KEEPALIVE, 1)
        easy.set(CURLOPT_BUFFERSIZE, 512 * 1024)
        easy.set(CURLOPT_UPLOAD_BUFFERSIZE, 512 * 1024)
        if request.acceptsCompression {
            easy.set(CURLOPT_ACCEPT_ENCODING, "")
        } else if request.acceptsUnsolicitedCompression {
            // Once any encoding is requested, libcurl decodes all that it supports.
            easy.set(CURLOPT_ACCEPT_ENCODING, "identity")
        }
        if !request.mayReuseConnection { easy.set(CURLOPT_FRESH_CONNECT, 1) }
        if !request.usesProxy { easy.set(CURLOPT_NOPROXY, "*") }
        if let certificates { easy.set(CURLOPT_CAINFO, certificates) }
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.timeouts.connect))
        if let total = request.timeouts.total { easy.set(CURLOPT_TIMEOUT_MS, Self.milliseconds(total)) }
        easy.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        easy.set(CURLOPT_LOW_SPEED_TIME, max(1, Self.milliseconds(request.timeouts.stall) / 1000))
        switch (request.method, source.size) {
        case ("GET", nil): easy.set(CURLOPT_HTTPGET, 1)
        case ("HEAD", nil): easy.set(CURLOPT_NOBODY, 1)
        case (let method, let size):
            if size != nil || method == "PUT" || method == "POST" || method == "PATCH" {
                easy.set(CURLOPT_UPLOAD, 1)
                ccurl_set_size(easy.pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(size ?? 0))
            }
            easy.set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    private func connectCallbacks() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(easy.pointer, CURLOPT_HEADERDATA, this)
        ccurl_set_pointer(easy.pointer, CURLOPT_WRITEDATA, this)
        ccurl_set_pointer(easy.pointer, CURLOPT_READDATA, this)
        ccurl_set_pointer(easy.pointer, CURLOPT_SEEKDATA, this)
        ccurl_set_body(easy.pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return Transfer.of(context)?.receiveHeader(bytes) == true ? bytes.count : 0
        }
        ccurl_set_body(easy.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return Transfer.of(context)?.receiveBody(bytes) == true ? bytes.count : 0
        }
        ccurl_set_body(easy.pointer, CURLOPT_READFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return Transfer.of(context)?.sendBody(buffer) ?? ccurl_read_abort
        }
        if case .server(let server) = request.urlSource, !UntrustedURL.isSameServer(request.url, server) {
            installAddressFilter(this)
        }
        ccurl_set_seek(easy.pointer) { context, offset, origin in
            guard origin == SEEK_SET, let transfer = Transfer.of(context) else { return CURL_SEEKFUNC_FAIL }
            transfer.source.offset = Int(offset)
            return CURL_SEEKFUNC_OK
        }
    }

    /// Restricts the transfer to public addresses, on new and on reused connections.
    ///
    /// The filter sees the resolved address to which the socket connects, before any byte is sent, so DNS rebinding cannot bypass it.
    private func installAddressFilter(_ this: UnsafeMutableRawPointer) {
        if UntrustedURL.hasProxy, request.usesProxy {
            // The proxy opens the connection and decides what is reachable; exceptions in `no_proxy` must not bypass it.
            return easy.set(CURLOPT_NOPROXY, "")
        }
        let filter = UnsafeMutablePointer<ccurl_gate>.allocate(capacity: 1)
        filter.initialize(
            to: ccurl_gate(
                decide: { context, address, size in
                    Transfer.of(context)?.mayConnect(to: address, size) == true ? 0 : 1
                }, context: this))
        addressFilter = filter
        ccurl_set_before_connect(easy.pointer, filter)
        ccurl_set_pointer(easy.pointer, CURLOPT_PREREQDATA, this)
        ccurl_set_before_request(easy.pointer) { context, address, _, _, _ in
            guard let transfer = Transfer.of(context), let address else { return CURL_PREREQFUNC_ABORT }
            return transfer.isAllowed(String(cString: address)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        // trusted: bounded on the same line
        seconds.isFinite ? Int(min(max(seconds * 1000, 1), 1e9)) : 1_000_000_000
    }

    // MARK: - Callbacks of libcurl

    private func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        firstByteDeadline = nil
        guard headerBytes <= Self.headerLimit else {
            callbackError = HTTPError(
                .tooLarge, "\(request.redactedURL): the response's headers are longer than 256 KiB")
            return false
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // Discards the headers of an interim response (1xx) or of a proxy.
            response.headers = [:]
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
            let value = bytes[(colon + 1)...].drop(while: isSpace)
            let end = value.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? value.startIndex
            let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
            response.headers.add(name, String(decoding: value[..<end], as: UTF8.self))
        }
        return true
    }

    private func isAllowed(_ address: String) -> Bool {
        if UntrustedURL.isPublic(address: address) { return true }
        callbackError = blockedAddress(address)
        return false
    }

    private func mayConnect(to address: UnsafePointer<sockaddr>?, _ size: socklen_t) -> Bool {
        guard let address else { return false }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        let name =
            code == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        if UntrustedURL.isPublic(address: name) { return true }
        blockedAddressError = blockedAddress(name)
        return false
    }

    private func blockedAddress(_ address: String) -> HTTPError {
        HTTPError(
            .invalidRequest,
            "\(request.redactedURL): a URL supplied by a server leads to \(address), which is not a public address")
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var status = 0
        ccurl_get_long(easy.pointer, CURLINFO_RESPONSE_CODE, &status)
        response.status = status
        response.bodySize += bytes.count
        guard response.isSuccess else {
            response.body.append(contentsOf: bytes.prefix(max(0, Self.errorBodyLimit - response.body.count)))
            return true
        }
        do {
            try checkPartial()
            switch request.sink {
            case .slice(let range):
                let start = response.bodySize - bytes.count
                response.body.append(
                    contentsOf: bytes.dropFirst(max(0, range.lowerBound - start)).prefix(
                        max(0, range.upperBound - max(start, range.lowerBound))))
                isSliceComplete = response.bodySize >= range.upperBound
                return !isSliceComplete
            case .memory(let maximum):
                try checkSize(maximum)
                if response.body.isEmpty, let length = response.headers["content-length"].flatMap({ Int($0) }) {
                    response.body.reserveCapacity(min(length, maximum))
                }
                response.body.append(contentsOf: bytes)
            case .file(_, let maximum), .part(_, _, let maximum):
                try checkSize(maximum)
                try openOutput()
                try write(bytes)
            }
            return true
        } catch {
            callbackError = error
            return false
        }
    }

    private func sendBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        do {
            return try source.read(into: buffer)
        } catch {
            callbackError = error
            return nil
        }
    }

    private func checkPartial() throws(HTTPError) {
        guard !request.requiresPartialContent || response.status == 206 else {
            throw HTTPError(.notPartial, "\(request.redactedURL): the server ignored the requested range")
        }
    }

    private func checkSize(_ maximum: Int) throws(HTTPError) {
        guard response.bodySize <= maximum else {
            throw HTTPError(.tooLarge, "\(request.redactedURL): the response is longer than \(maximum) bytes")
        }
    }

    private func openOutput() throws(HTTPError) {
        guard output < 0 else { return }
        switch request.sink {
        case .memory, .slice: return
        case .file(let path, _):
            output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard output >= 0 else { throw HTTPError(file: path, "cannot be opened") }
        case .part(let path, let offset, _):
            output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
            guard output >= 0, lseek(output, off_t(offset), SEEK_SET) >= 0 else {
                throw HTTPError(file: path, "cannot be opened")
            }
        }
    }

    private var outputPath: String {
        switch request.sink {
        case .memory, .slice: "memory"
        case .file(let path, _), .part(let path, _, _): path
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(output, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 || errno == EINTR else { throw HTTPError(file: outputPath, "cannot be written") }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    // MARK: - Errors

    /// Whether any bytes of the request were sent on the connection.
    private var wasSent: Bool {
        var bytes = 0
        return ccurl_get_long(easy.pointer, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0
    }

    private func error(_ code: CURLcode) -> HTTPError {
        let (url, message) = (request.redactedURL, easy.errorMessage(for: code))
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
            return HTTPError(.unreachable, "\(url) cannot be reached: \(message)")
        case CURLE_OPERATION_TIMEDOUT:
            return HTTPError(.timeout, "\(url): \(message)")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR:
            return HTTPError(.untrusted, "\(url): the TLS connection is not trusted: \(message)")
        case CURLE_URL_MALFORMAT:
            return HTTPError(.invalidRequest, "\(url) is not a valid URL")
        default:
            return HTTPError(.interrupted, "\(url): the transfer was interrupted: \(message)")
        }
    }
}

extension HTTPError {
    /// Creates a `file` error from the current `errno`.
    ///
    /// - Parameter problem: completes the sentence after the path, for example `cannot be read`.
    init(file path: String, _ problem: String) {
        let code = errno
        self.init(.file, "\(path) \(problem): \(String(cString: strerror(code)))", code: code)
    }
}
