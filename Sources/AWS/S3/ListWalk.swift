import Faults
import FoundationEssentials
import Untrusted

/// Walks over the pages of a list of keys, as AWS writes them and as stores that speak like it do.
///
/// Stores differ: some encode no keys although that was asked for, some answer as the first version of the list does, some cut a list
/// and send no token, some do not report whether they cut it. A list that cannot be continued is an error, never a short list.
struct ListWalk {
    /// Keys of one list at the most: a server that never ends must not take all memory.
    private static let maximum = 1_000_000
    /// Pages in a row that may bring nothing new.
    private static let patience = 100

    private let prefix: String
    private let page: Int
    private let name: String

    /// Keys without the prefix itself, in the order of the pages.
    private(set) var keys: [String] = []
    /// The parameter that asks for the next page; `nil` before the first and after the last.
    private(set) var next: (name: String, value: String)?

    /// By their bytes: names that differ only in how Unicode composes a letter are two keys.
    private var seen: Set<Data> = []
    private var tokens: Set<Data> = []
    private var idlePages = 0

    /// - Parameters:
    ///   - page: entries that each page was asked for.
    ///   - name: of the list, for messages.
    init(prefix: String, page: Int, name: String) {
        self.prefix = prefix
        self.page = page
        self.name = name
    }

    /// Takes a page.
    ///
    /// - Throws: `unavailable` for an entry without a key, and for a list that does not go on.
    mutating func take(_ result: XMLElement) throws(AWSError) {
        let isEncoded = result["EncodingType"]?.text == "url"
        func decoded(_ text: String) -> String { isEncoded ? PercentEncoding.decode(text) ?? text : text }
        var found: [String] = []
        for entry in result.all("Contents") {
            guard let key = entry["Key"] else { throw fault("has an entry without a key") }
            found.append(decoded(key.text))
        }
        let folders = result.all("CommonPrefixes").compactMap { $0["Prefix"] }.map { decoded($0.text) }
        let before = seen.count
        // The folder itself, where somebody made one, is not in it.
        for key in found where seen.insert(Data(key.utf8)).inserted && !key.utf8.elementsEqual(prefix.utf8) {
            keys.append(key)
        }
        for folder in folders { seen.insert(Data(folder.utf8)) }
        guard seen.count <= Self.maximum else { throw fault("has more than \(Self.maximum) entries") }
        idlePages = seen.count > before ? 0 : idlePages + 1

        let token = Self.text(result["NextContinuationToken"])
        let marker = Self.text(result["NextMarker"]).map(decoded)
        let count = found.count + folders.count
        let cut = Cut(result, count: count, page: page, hasSuccessor: token != nil || marker != nil && count > 0)
        guard cut != .no else {
            next = nil
            return
        }
        if let token {
            guard tokens.insert(Data(token.utf8)).inserted, idlePages < Self.patience else {
                throw fault("does not end")
            }
            next = ("continuation-token", token)
        } else {
            try goOn(
                after: marker ?? Self.last(found, folders), asFirstVersion: result["Marker"] != nil,
                mayEnd: cut == .unknown)
        }
    }

    /// Whether entries follow a page.
    private enum Cut {
        case yes, no
        /// The store does not report it, and the page is not full: the next page shows it.
        case unknown

        /// - Parameters:
        ///   - count: entries of the page.
        ///   - page: entries that it was asked for.
        ///   - hasSuccessor: whether it names the place from which the list goes on.
        init(_ result: XMLElement, count: Int, page: Int, hasSuccessor: Bool) {
            switch ListWalk.text(result["IsTruncated"])?.strippedSetting().lowercased() {
            case "true", "1": self = .yes
            case "false", "0": self = .no
            default:
                // Stores have bounds of their own for a page.
                let bound = ListWalk.text(result["MaxKeys"]).flatMap { Int($0.strippedSetting()) } ?? page
                let isFull = count > 0 && count >= min(page, bound)
                self = hasSuccessor || isFull ? .yes : count > 0 ? .unknown : .no
            }
        }
    }

    /// `nil` for an element that is absent or empty.
    private static func text(_ element: XMLElement?) -> String? {
        guard let text = element?.text, !text.strippedSetting().isEmpty else { return nil }
        return text
    }

    /// Continues behind an entry.
    ///
    /// - Parameter mayEnd: whether the list is over where the store does not continue it.
    private mutating func goOn(after entry: String?, asFirstVersion: Bool, mayEnd: Bool) throws(AWSError) {
        guard let entry, !entry.isEmpty else { throw fault("is cut without a token") }
        // Each version of the list has its own parameter; a store may know the other one.
        let isRefused = idlePages > 0
        guard !isRefused || idlePages == 1 && next?.name == "start-after" else {
            guard mayEnd else { throw fault("is cut, and the endpoint does not continue it") }
            next = nil
            return
        }
        next = (asFirstVersion || isRefused ? "marker" : "start-after", entry)
    }

    /// The last entry by its bytes; of a folder, what comes behind all that is in it.
    private static func last(_ keys: [String], _ folders: [String]) -> String? {
        (keys + folders.map { "\($0)\u{10FFFF}" }).max { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func fault(_ reason: String) -> AWSError {
        AWSError(.unavailable, "\(name): the list \(reason); is the endpoint S3?", service: .s3)
    }
}
