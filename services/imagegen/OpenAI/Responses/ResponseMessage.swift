// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The image candidates and markers in one JSON value of a response.
struct ResponseMessage {
    /// What the name of a member suggests about its string. The raw values order candidates, best first.
    enum Hint: Int {
        /// Base64 of an image.
        case image
        /// Base64 of an image, or a link.
        case either
        case link
        /// Any content.
        case anything
    }

    /// A string that may be an image or a link to one.
    struct Candidate {
        var hint: Hint
        /// The range of the string in the body, without quotation marks.
        var text: Range<Int>
        /// Whether the string has its closing quotation mark.
        var isWhole: Bool
    }

    /// The maximum numbers of candidates stored and of tokens read, of one message.
    private static let maximum = (candidates: 8, tokens: 200_000)

    /// The candidates, best first.
    private(set) var candidates: [Candidate] = []
    /// Whether the image is unfinished.
    var isPreview: Bool { isMarkedUnfinished || step.map { step in steps.map { step < $0 } ?? false } ?? false }
    private var isMarkedUnfinished: Bool
    /// The current step of an image that is sent step by step.
    private var step: Double?
    /// The number of steps.
    private var steps: Double?
    /// The filter that withheld something.
    private(set) var filter: String?
    /// The filter that replaced the image with a black one.
    private(set) var blackoutFilter: String?
    private var tokens = 0

    /// - Parameter event: The name of the stream event; empty for other bodies.
    init(event: String) { isMarkedUnfinished = Self.isUnfinished(event) }

    /// Hints of the member names that servers use.
    private static let hints: [String: Hint] = [
        "b64_json": .image, "b64": .image, "base64": .image, "image_base64": .image, "imagebase64": .image,
        "image_b64": .image, "b64_image": .image, "base64_image": .image, "bytesbase64encoded": .image,
        "image": .either, "images": .either, "output_image": .either, "output_images": .either,
        "url": .link, "image_url": .link, "imageurl": .link, "image_urls": .link, "imageurls": .link, "uri": .link,
        "download_url": .link, "output": .anything, "outputs": .anything, "result": .anything, "results": .anything,
        "sample": .anything, "data": .anything,
    ]

    /// Members that do not contain the result: the request, metadata, thumbnails and errors.
    private static let excludedNames: Set<String> = [
        "input", "inputs", "request", "parameters", "params", "metadata", "meta", "mask", "init_image", "thumbnail",
        "thumbnails", "preview", "previews", "error", "errors", "usage", "links", "logs",
    ]

    /// Records a token of the message.
    mutating func record(
        _ token: ResponseScanner.Token, of scanner: ResponseScanner, _ bytes: UnsafeBufferPointer<UInt8>
    ) {
        tokens += 1
        guard tokens < Self.maximum.tokens, let range = scanner.name else { return }
        let name = scanner.text(of: range)
        switch token {
        case .text(let text, let isWhole):
            if let hint = Self.hints[name] {
                add(Candidate(hint: hint, text: text, isWhole: isWhole), scanner)
            } else if text.count <= 64 {
                recordMarker(name, scanner.text(of: text), scanner.depth)
            }
        case .literal(let range): recordLiteral(name, scanner.text(of: range), scanner)
        case .end: break
        }
    }

    private mutating func add(_ candidate: Candidate, _ scanner: ResponseScanner) {
        guard candidates.count < Self.maximum.candidates else { return }
        let ancestors = scanner.ancestors.map(scanner.text)
        guard !ancestors.contains(where: { Self.excludedNames.contains($0) || $0.hasPrefix("partial") }) else { return }
        let index = candidates.firstIndex { $0.hint.rawValue > candidate.hint.rawValue } ?? candidates.endIndex
        candidates.insert(candidate, at: index)
    }

    /// Records a short string beside the image.
    private mutating func recordMarker(_ name: String, _ text: String, _ depth: Int) {
        switch name {
        case "type", "status", "state", "task_status", "event":
            if depth <= 2, Self.isUnfinished(text) { isMarkedUnfinished = true }
        case "finish_reason", "finishreason":
            if ["filter", "safety", "prohibited", "moderat", "nsfw"].contains(where: text.contains) {
                blackoutFilter = text
            }
        default: break
        }
    }

    private mutating func recordLiteral(_ name: String, _ literal: String, _ scanner: ResponseScanner) {
        switch (name, literal) {
        case ("partial_image_index", _): if literal != "null" { isMarkedUnfinished = true }
        case ("done", "false"), ("is_final", "false"), ("final", "false"): isMarkedUnfinished = true
        case ("step", _), ("current_step", _): step = Double(literal)
        case ("total_steps", _), ("num_steps", _), ("max_steps", _): steps = Double(literal)
        case ("has_nsfw_concepts", "true"), ("nsfw_content_detected", "true"): blackoutFilter = name
        case ("filtered", "true"):
            // Matches `{"content_filter_results": {"sexual": {"filtered": true}}}`.
            let ancestors = scanner.ancestors.map(scanner.text)
            if ancestors.contains(where: { $0.hasPrefix("content_filter") }) { filter = ancestors.last }
        default: break
        }
    }

    private static func isUnfinished(_ word: String) -> Bool {
        let word = word.lowercased()
        return [
            "partial", "preview", "draft", "intermediate", "progress", "processing", "pending", "queued", "running",
        ]
        .contains(where: word.contains)
    }
}
