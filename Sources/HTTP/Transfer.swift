import CCurl
import FoundationEssentials
import Glibc

/// One exchange on the loop's thread: feeds libcurl with the request and collects the response.
final class Transfer {
    /// Bytes that all header lines of a response may have.
    private static let headerLimit = 256 * 1024
    /// Bytes that are kept of a body which is no success.
    private static let errorBodyLimit = 64 * 1024

    let easy: EasyHandle
    private let request: HTTPRequest
    private let continuation: CheckedContinuation<HTTPResponse, any Error>
    private let source: BodySource
    private var response = HTTPResponse(status: 0)
    private var headerBytes = 0
    private var output: Int32 = -1
    /// When the first byte of the answer must be there; `nil` once it is.
    private(set) var due: ContinuousClock.Instant?
    /// What a callback found, which says more than libcurl's code for an aborted transfer.
    private var failure: HTTPError?
    /// An address that was not connected to. Another address of the same host may have been.
    private var refusal: HTTPError?
    /// Whether the bytes that are wanted are there, and the rest of the body is not.
    private var isSatisfied = false
    /// Decides on each address before a socket is opened; `nil` where any may be reached.
    private var gate: UnsafeMutablePointer<ccurl_gate>?

    /// - Throws: `file` where the body's file cannot be read.
    init(
        id: UInt64, _ request: HTTPRequest, _ continuation: CheckedContinuation<HTTPResponse, any Error>,
        certificates: String?
    ) throws(HTTPError) {
        source = try BodySource(request.body)
        guard var easy = EasyHandle() else { throw HTTPError(.unreachable, "no memory for a transfer") }
        for field in request.headers.fields {
            // A colon with nothing behind it would remove the header.
            easy.addHeader(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // Waiting for `100 Continue` costs a second with servers that do not know it.
        easy.addHeader("Expect:")
        easy.useHeaders()
        self.easy = easy
        self.request = request
        self.continuation = continuation
        // trusted: bounded on the same line
        due = request.timeouts.firstByte.map { .now + .seconds(min(max($0, 0.001), 1e9)) }
        ccurl_set_pointer(self.easy.pointer, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: UInt(id)))
        configure(certificates)
        connectCallbacks()
    }

    deinit {
        if output >= 0 { close(output) }
        gate?.deallocate()
    }

    /// The number of the transfer that a handle belongs to.
    static func id(of easy: UnsafeMutableRawPointer) -> UInt64? {
        var value: UnsafeMutableRawPointer?
        guard ccurl_get_pointer(easy, CURLINFO_PRIVATE, &value) == CURLE_OK else { return nil }
        return UInt64(UInt(bitPattern: value))
    }

    func cancel() {
        continuation.resume(throwing: CancellationError())
    }

    /// Gives up where nothing of the answer has come in time. -> whether it did.
    func giveUp(at now: ContinuousClock.Instant) -> Bool {
        guard let due, now >= due else { return false }
        let seconds = request.timeouts.firstByte ?? 0
        var error = HTTPError(.timeout, "\(request.place): no answer began within \(seconds) s")
        error.wasSent = wasSent
        continuation.resume(throwing: error)
        return true
    }

    /// The transfer has ended: answers who waits.
    func finish(_ code: CURLcode) {
        var status = 0
        ccurl_get_long(easy.pointer, CURLINFO_RESPONSE_CODE, &status)
        response.status = status
        var redirection: UnsafeMutablePointer<CChar>?
        if ccurl_get_text(easy.pointer, CURLINFO_REDIRECT_URL, &redirection) == CURLE_OK, let redirection {
            response.redirection = String(cString: redirection)
        }
        do throws(HTTPError) {
            if let failure { throw failure }
            guard code == CURLE_OK || isSatisfied else { throw refusal ?? error(code) }
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

    // MARK: - Setting up

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
        } else if request.unpacksUnasked {
            // libcurl unpacks whatever comes as soon as anything is asked for.
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
            return Transfer.of(context)?.takeHeader(bytes) == true ? bytes.count : 0
        }
        ccurl_set_body(easy.pointer, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return Transfer.of(context)?.takeBody(bytes) == true ? bytes.count : 0
        }
        ccurl_set_body(easy.pointer, CURLOPT_READFUNCTION) { bytes, size, count, context in
            let space = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return Transfer.of(context)?.giveBody(space) ?? ccurl_read_abort
        }
        if case .told(let server) = request.author, !ForeignURL.isSameServer(request.url, server) {
            guardAddresses(this)
        }
        ccurl_set_seek(easy.pointer) { context, offset, origin in
            guard origin == SEEK_SET, let transfer = Transfer.of(context) else { return CURL_SEEKFUNC_FAIL }
            transfer.source.offset = Int(offset)
            return CURL_SEEKFUNC_OK
        }
    }

    /// Lets nothing but public addresses be reached, by connections that are opened for this request and by those that are open
    /// already. The name is resolved once: what is looked at here is what the socket connects to, before a byte is sent.
    private func guardAddresses(_ this: UnsafeMutableRawPointer) {
        if ForeignURL.hasProxy, request.usesProxy {
            // The proxy connects, and decides what can be reached; no exception of `no_proxy` leads around it.
            return easy.set(CURLOPT_NOPROXY, "")
        }
        let gate = UnsafeMutablePointer<ccurl_gate>.allocate(capacity: 1)
        gate.initialize(
            to: ccurl_gate(
                decide: { context, address, size in
                    Transfer.of(context)?.mayConnect(to: address, size) == true ? 0 : 1
                }, context: this))
        self.gate = gate
        ccurl_set_before_connect(easy.pointer, gate)
        ccurl_set_pointer(easy.pointer, CURLOPT_PREREQDATA, this)
        ccurl_set_before_request(easy.pointer) { context, address, _, _, _ in
            guard let transfer = Transfer.of(context), let address else { return CURL_PREREQFUNC_ABORT }
            return transfer.mayReach(String(cString: address)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        // trusted: bounded on the same line
        seconds.isFinite ? Int(min(max(seconds * 1000, 1), 1e9)) : 1_000_000_000
    }

    // MARK: - What libcurl asks for and brings

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        due = nil
        guard headerBytes <= Self.headerLimit else {
            failure = HTTPError(.tooLarge, "\(request.place): the response's headers are longer than 256 KiB")
            return false
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // The headers of an interim response (1xx) or of a proxy came before.
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

    private func mayReach(_ address: String) -> Bool {
        if ForeignURL.isPublic(address: address) { return true }
        failure = notPublic(address)
        return false
    }

    private func mayConnect(to address: UnsafePointer<sockaddr>?, _ size: socklen_t) -> Bool {
        guard let address else { return false }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        let name =
            code == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        if ForeignURL.isPublic(address: name) { return true }
        refusal = notPublic(name)
        return false
    }

    private func notPublic(_ address: String) -> HTTPError {
        HTTPError(
            .invalidRequest, "\(request.place): a server's answer leads to \(address), which is no public address")
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
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
                isSatisfied = response.bodySize >= range.upperBound
                return !isSatisfied
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
            failure = error
            return false
        }
    }

    private func giveBody(_ space: UnsafeMutableRawBufferPointer) -> Int? {
        do {
            return try source.read(into: space)
        } catch {
            failure = error
            return nil
        }
    }

    private func checkPartial() throws(HTTPError) {
        guard !request.wantsPart || response.status == 206 else {
            throw HTTPError(.notPartial, "\(request.place): all came where a part was asked for")
        }
    }

    private func checkSize(_ maximum: Int) throws(HTTPError) {
        guard response.bodySize <= maximum else {
            throw HTTPError(.tooLarge, "\(request.place): the response is longer than \(maximum) bytes")
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

    /// Whether bytes of a request have left on the connection.
    private var wasSent: Bool {
        var bytes = 0
        return ccurl_get_long(easy.pointer, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0
    }

    private func error(_ code: CURLcode) -> HTTPError {
        let place = request.place
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
            return HTTPError(.unreachable, "\(place) cannot be reached: \(easy.words(code))")
        case CURLE_OPERATION_TIMEDOUT:
            return HTTPError(.timeout, "\(place): \(easy.words(code))")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR:
            return HTTPError(.untrusted, "\(place): no trusted connection: \(easy.words(code))")
        case CURLE_URL_MALFORMAT:
            return HTTPError(.invalidRequest, "\(place) is no URL that can be reached")
        default:
            return HTTPError(.interrupted, "\(place): the transfer broke off: \(easy.words(code))")
        }
    }
}

extension HTTPError {
    /// A fault of a local file, from `errno`.
    init(file path: String, _ problem: String) {
        let code = errno
        self.init(.file, "\(path) \(problem): \(String(cString: strerror(code)))", code: code)
    }
}
