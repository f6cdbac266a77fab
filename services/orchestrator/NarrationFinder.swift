import Contracts

/// Which file speaks for which segment, among the names in a folder.
struct NarrationFinder {
    /// What was found for the segments, in their order.
    enum Finding: Equatable {
        /// A name for each segment; `nil` where there is none.
        case perSegment([String?])
        /// One file for the whole film.
        case whole(String)
    }

    /// - Parameter names: file names, without folders.
    static func find(segments: [String], names: [String]) -> Finding {
        let audio = names.compactMap(split).filter { Places.narrationExtensions.contains($0.ending) }
        let own = segments.map { id in
            preferred(audio.filter { $0.stem == id }) ?? preferred(audio.filter { contains($0.stem, word: id) })
        }
        if own.allSatisfy({ $0 == nil }), let whole = preferred(audio.filter { $0.stem == "narration" }) {
            return .whole(whole)
        }
        return .perSegment(own)
    }

    private typealias Name = (name: String, stem: String, ending: String)

    private static func split(_ name: String) -> Name? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return (name, String(name[..<dot]), name[name.index(after: dot)...].lowercased())
    }

    private static func preferred(_ names: [Name]) -> String? {
        for ending in Places.narrationExtensions {
            if let found = names.filter({ $0.ending == ending }).map(\.name).min() { return found }
        }
        return nil
    }

    /// Whether the id stands in the stem with nothing of a word on either side: `1` is in `take-1`, not in `take-10`.
    private static func contains(_ stem: String, word: String) -> Bool {
        var rest = stem[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound == stem.startIndex ? nil : stem[stem.index(before: range.lowerBound)]
            let after = range.upperBound == stem.endIndex ? nil : stem[range.upperBound]
            if !isWordPart(before), !isWordPart(after) { return true }
            rest = rest[rest.index(after: range.lowerBound)...]
        }
        return false
    }

    private static func isWordPart(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber } ?? false
    }
}
