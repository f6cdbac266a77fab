// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Untrusted

/// Paginates key listings of S3 and of S3-compatible stores.
///
/// Stores differ: some do not encode keys as requested, some respond in the format of ListObjects version 1, some truncate a list without a
/// continuation token, some do not report truncation. A list that cannot be continued is an error, never a short list.
struct ListPagination {
    /// Maximum number of entries, so that an endless list cannot exhaust memory.
    private static let maximumEntries = 1_000_000
    /// Maximum number of consecutive pages without new entries.
    private static let maximumIdlePages = 100

    private let prefix: String
    private let pageSize: Int
    private let name: String

    /// The keys so far, without the prefix itself, in the order of the pages.
    private(set) var keys: [String] = []
    /// The query parameter that requests the next page; `nil` before the first and after the last page.
    private(set) var nextPage: (name: String, value: String)?

    /// Known entries by their bytes: keys that differ only in Unicode normalization are distinct.
    private var seen: Set<Data> = []
    private var tokens: Set<Data> = []
    private var idlePages = 0

    /// - Parameters:
    ///   - pageSize: the requested number of entries per page.
    ///   - name: the name of the list, for messages.
    init(prefix: String, pageSize: Int, name: String) {
        self.prefix = prefix
        self.pageSize = pageSize
        self.name = name
    }

    /// Adds a page, and decides whether another one follows.
    ///
    /// - Throws: `unavailable` if an entry has no key, or the list is truncated but cannot be continued.
    mutating func addPage(_ result: XMLElement) throws(AWSError) {
        let isEncoded = result["EncodingType"]?.text == "url"
        func decoded(_ text: String) -> String { isEncoded ? CanonicalEncoding.decoded(text) ?? text : text }
        var found: [String] = []
        for entry in result.children(named: "Contents") {
            guard let key = entry["Key"] else { throw error("has an entry without a key") }
            found.append(decoded(key.text))
        }
        let folders = result.children(named: "CommonPrefixes").compactMap { $0["Prefix"] }.map { decoded($0.text) }
        let previousCount = seen.count
        // An object for the folder itself may exist; it is not part of the list.
        for key in found where seen.insert(Data(key.utf8)).inserted && !key.utf8.elementsEqual(prefix.utf8) {
            keys.append(key)
        }
        for folder in folders { seen.insert(Data(folder.utf8)) }
        guard seen.count <= Self.maximumEntries else { throw error("has more than \(Self.maximumEntries) entries") }
        idlePages = seen.count > previousCount ? 0 : idlePages + 1

        let token = Self.text(result["NextContinuationToken"])
        let marker = Self.text(result["NextMarker"]).map(decoded)
        let count = found.count + folders.count
        let truncation = Truncation(
            result, count: count, pageSize: pageSize, hasSuccessor: token != nil || marker != nil && count > 0)
        guard truncation != .complete else {
            nextPage = nil
            return
        }
        if let token {
            guard tokens.insert(Data(token.utf8)).inserted, idlePages < Self.maximumIdlePages else {
                throw error("does not end")
            }
            nextPage = ("continuation-token", token)
        } else {
            try continueList(
                after: marker ?? Self.last(found, folders), asFirstVersion: result["Marker"] != nil,
                mayEnd: truncation == .unknown)
        }
    }

    /// Whether more entries follow a page.
    private enum Truncation {
        case truncated, complete
        /// The store does not report it, and the page is not full; only the next page shows it.
        case unknown

        /// - Parameters:
        ///   - count: the number of entries in the page.
        ///   - pageSize: the requested number of entries.
        ///   - hasSuccessor: whether the page names the position of the next one.
        init(_ result: XMLElement, count: Int, pageSize: Int, hasSuccessor: Bool) {
            switch ListPagination.text(result["IsTruncated"])?.strippedSetting().lowercased() {
            case "true", "1": self = .truncated
            case "false", "0": self = .complete
            default:
                // A store may use a smaller page size than requested.
                let actualSize =
                    ListPagination.text(result["MaxKeys"]).flatMap { Int($0.strippedSetting()) } ?? pageSize
                let isFull = count > 0 && count >= min(pageSize, actualSize)
                self = hasSuccessor || isFull ? .truncated : count > 0 ? .unknown : .complete
            }
        }
    }

    /// The text of an element; `nil` if it is absent or empty.
    private static func text(_ element: XMLElement?) -> String? {
        guard let text = element?.text, !text.strippedSetting().isEmpty else { return nil }
        return text
    }

    /// Continues the list after an entry.
    ///
    /// - Parameter mayEnd: whether the list may be complete if the store does not continue it.
    private mutating func continueList(after entry: String?, asFirstVersion: Bool, mayEnd: Bool) throws(AWSError) {
        guard let entry, !entry.isEmpty else { throw error("is truncated without a continuation token") }
        // Each version of the API has its own parameter; try the other one if the store ignored the first.
        let wasIgnored = idlePages > 0
        guard !wasIgnored || idlePages == 1 && nextPage?.name == "start-after" else {
            guard mayEnd else { throw error("is truncated, but the endpoint does not continue it") }
            nextPage = nil
            return
        }
        nextPage = (asFirstVersion || wasIgnored ? "marker" : "start-after", entry)
    }

    /// The last entry in byte order. For a folder, a key that sorts after its contents.
    private static func last(_ keys: [String], _ folders: [String]) -> String? {
        (keys + folders.map { "\($0)\u{10FFFF}" }).max { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func error(_ reason: String) -> AWSError {
        AWSError(.unavailable, "\(name): the list \(reason); check the S3 endpoint", service: .s3)
    }
}
