import CCurl

/// Owns a libcurl handle and the list of its headers: made once, freed once.
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// libcurl writes what went wrong here.
    private let reason: UnsafeMutablePointer<CChar>

    /// `nil` when there is no memory.
    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, reason)
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headers)
        reason.deallocate()
    }

    mutating func addHeader(_ line: String) {
        if let longer = curl_slist_append(headers, line) { headers = longer }
    }

    func useHeaders() {
        ccurl_set_list(pointer, CURLOPT_HTTPHEADER, headers)
    }

    func set(_ option: CURLoption, _ value: Int) {
        ccurl_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: String) {
        ccurl_set_text(pointer, option, value)
    }

    /// What went wrong, in libcurl's words.
    func words(_ code: CURLcode) -> String {
        let text = String(cString: reason)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }
}
