// SPDX-License-Identifier: Apache-2.0

import Contracts
import JobFiles

/// Assigns the narration files of a folder to segments by their names.
///
/// A file narrates at most one segment. A name that equals the id takes precedence. Names that contain the id as a word are assigned to all
/// segments together, so that as many segments as possible have a narration, and ids occur as early in the names as possible. A name that
/// contains a longer id of the storyboard does not count for ids that are part of it: `scene_2_take_1` belongs to `scene_2`, not to
/// `scene`.
struct NarrationFinder {
    /// The files found for the segments.
    enum Finding: Equatable {
        /// A name for each segment, in order; `nil` for a segment without a file.
        case perSegment([String?])
        /// One file for the whole film.
        case whole(String)
    }

    /// The result of a search.
    struct Result: Equatable {
        var finding: Finding
        /// One sentence for each ambiguous choice.
        var warnings: [String] = []
    }

    /// A name that may narrate a segment.
    private struct Candidate {
        let name: String
        /// The position of the id in the stem, in characters.
        let position: Int
    }

    private typealias Name = (name: String, stem: String, ending: String)

    /// Assigns files to segments.
    ///
    /// - Parameters:
    ///   - segments: the ids of the segments.
    ///   - names: file names without folders; other files than narrations are ignored.
    static func find(segments: [String], names: [String]) -> Result {
        let audio = names.compactMap(split).filter { JobFilePaths.narrationExtensions.contains($0.ending) }
        var used = Set<String>()
        var found = segments.map { id in preferred(audio.filter { $0.stem == id }) }
        for (id, name) in zip(segments, found) where name != nil {
            // The same recording in another format must not narrate another segment.
            used.formUnion(audio.filter { $0.stem == id }.map(\.name))
        }
        let remaining = audio.filter { !used.contains($0.name) }
        let open = segments.indices.filter { found[$0] == nil }
        let choices = open.map { index in
            let id = segments[index]
            let longer = segments.filter { $0.utf8.count > id.utf8.count && position(of: id, in: $0) != nil }
            return candidates(for: id, among: remaining, apart: longer)
        }
        let assigned = assign(choices)
        for (name, index) in zip(assigned, open) { found[index] = name }
        if found.allSatisfy({ $0 == nil }), let whole = preferred(audio.filter { $0.stem == "narration" }) {
            return Result(finding: .whole(whole))
        }
        let warnings = open.indices.compactMap { index in
            ambiguity(of: segments[open[index]], among: choices[index], chosen: assigned[index])
        }
        return Result(finding: .perSegment(found), warnings: warnings)
    }

    // MARK: - Names

    private static func split(_ name: String) -> Name? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return (name, String(name[..<dot]), name[name.index(after: dot)...].lowercased())
    }

    /// The name with the preferred file name extension.
    private static func preferred(_ names: [Name]) -> String? {
        for ending in JobFilePaths.narrationExtensions {
            if let found = names.filter({ $0.ending == ending }).map(\.name).min() { return found }
        }
        return nil
    }

    /// The names that contain an id as a word, best first. Of one recording in several formats, only the preferred one counts.
    ///
    /// - Parameter longer: ids that contain this one as a word.
    private static func candidates(for id: String, among names: [Name], apart longer: [String]) -> [Candidate] {
        let stems = Dictionary(grouping: names, by: \.stem)
        return stems.compactMap { stem, names in
            guard let position = position(of: id, in: stem, apart: longer), let name = preferred(names) else {
                return nil
            }
            return Candidate(name: name, position: position)
        }.sorted { ($0.position, $0.name) < ($1.position, $1.name) }
    }

    /// The position of an id in a stem as a whole word: `1` occurs in `take-1`, not in `take-10`.
    ///
    /// - Parameter longer: ids that contain this one; an occurrence inside one of them does not count.
    private static func position(of id: String, in stem: String, apart longer: [String] = []) -> Int? {
        let occurrences = ranges(of: id, in: stem)
        guard let first = occurrences.first else { return nil }
        guard !longer.isEmpty else { return stem.distance(from: stem.startIndex, to: first.lowerBound) }
        let others = longer.flatMap { ranges(of: $0, in: stem) }
        return occurrences.first { range in
            !others.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
        }.map { stem.distance(from: stem.startIndex, to: $0.lowerBound) }
    }

    private static func ranges(of word: String, in stem: String) -> [Range<String.Index>] {
        var ranges: [Range<String.Index>] = []
        var rest = stem[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound == stem.startIndex ? nil : stem[stem.index(before: range.lowerBound)]
            let after = range.upperBound == stem.endIndex ? nil : stem[range.upperBound]
            if !isWordPart(before), !isWordPart(after) { ranges.append(range) }
            rest = rest[rest.index(after: range.lowerBound)...]
        }
        return ranges
    }

    private static func isWordPart(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber } ?? false
    }

    // MARK: - Assignment

    /// Assigns a file to each list of candidates, none twice: first greedily by the position of the id, then by augmenting paths, which
    /// give a maximum bipartite matching.
    private static func assign(_ candidates: [[Candidate]]) -> [String?] {
        var owners: [String: Int] = [:]
        let pairs = candidates.enumerated().flatMap { segment, list in list.map { (segment, $0) } }
            .sorted { ($0.1.position, $0.1.name, $0.0) < ($1.1.position, $1.1.name, $1.0) }
        var assigned = [String?](repeating: nil, count: candidates.count)
        for (segment, candidate) in pairs where assigned[segment] == nil && owners[candidate.name] == nil {
            assigned[segment] = candidate.name
            owners[candidate.name] = segment
        }
        for segment in candidates.indices where assigned[segment] == nil {
            var seen = Set<String>()
            augment(segment, candidates, &assigned, &owners, &seen)
        }
        return assigned
    }

    /// Finds a file for a segment, reassigning other segments if necessary.
    ///
    /// - Returns: `false` if there is none.
    @discardableResult
    private static func augment(
        _ segment: Int, _ candidates: [[Candidate]], _ assigned: inout [String?], _ owners: inout [String: Int],
        _ seen: inout Set<String>
    ) -> Bool {
        for candidate in candidates[segment] where seen.insert(candidate.name).inserted {
            let owner = owners[candidate.name]
            if let owner, !augment(owner, candidates, &assigned, &owners, &seen) { continue }
            assigned[segment] = candidate.name
            owners[candidate.name] = segment
            return true
        }
        return false
    }

    private static func ambiguity(of id: String, among candidates: [Candidate], chosen: String?) -> String? {
        guard candidates.count > 1 || candidates.count == 1 && chosen == nil else { return nil }
        let names = candidates.prefix(4).map(\.name).joined(separator: ", ")
        let more = candidates.count > 4 ? " and \(candidates.count - 4) more" : ""
        guard let chosen else {
            return candidates.count == 1
                ? "\(id): \(names) matches its id, but is used for another segment"
                : "\(id): \(names)\(more) match its id, but are used for other segments"
        }
        return "\(id): \(names)\(more) match its id; \(chosen) is used"
    }
}
