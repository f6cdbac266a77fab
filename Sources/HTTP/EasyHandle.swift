// SPDX-License-Identifier: Apache-2.0

import CCurl

/// Owns a libcurl easy handle and its header list, and frees both exactly once.
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// libcurl writes its error message here (`CURLOPT_ERRORBUFFER`).
    private let errorBuffer: UnsafeMutablePointer<CChar>

    /// - Returns: `nil` if libcurl cannot allocate a handle.
    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headers)
        errorBuffer.deallocate()
    }

    /// - Parameter line: one header line, `Name: value`.
    mutating func addHeader(_ line: String) {
        if let longer = curl_slist_append(headers, line) { headers = longer }
    }

    /// Sets the collected header lines on the handle.
    func applyHeaders() {
        ccurl_set_list(pointer, CURLOPT_HTTPHEADER, headers)
    }

    func set(_ option: CURLoption, _ value: Int) {
        ccurl_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: String) {
        ccurl_set_text(pointer, option, value)
    }

    /// libcurl's message for a failed transfer: the specific one if it reported one, otherwise the generic text of `code`.
    func errorMessage(for code: CURLcode) -> String {
        let text = String(cString: errorBuffer)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }
}
