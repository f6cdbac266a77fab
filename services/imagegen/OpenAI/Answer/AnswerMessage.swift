import Contracts

/// What one JSON value of an answer says of a picture.
struct AnswerMessage {
    /// What a member's name promises of its text.
    enum Promise: Int {
        case picture
        /// Either a picture or a link.
        case either
        case link
        /// A name that may stand for anything.
        case anything
    }

    struct Candidate {
        var promise: Promise
        var text: Range<Int>
        var isWhole: Bool
    }

    /// Candidates that are kept, and tokens that are looked at, of one message.
    private static let most = (candidates: 8, tokens: 200_000)

    /// The best first.
    private(set) var candidates: [Candidate] = []
    var isPreview: Bool { isMarked || step.map { step in steps.map { step < $0 } ?? false } ?? false }
    private var isMarked: Bool
    /// Of a picture that is drawn step by step, how far it is.
    private var step: Double?
    private var steps: Double?
    /// The filter that held something back.
    private(set) var filter: String?
    /// The filter that left a black picture in the place of the one it held back.
    private(set) var blackened: String?
    private var tokens = 0

    /// - Parameter event: the name of the event of a stream; empty for another body.
    init(event: String) { isMarked = Self.isUnfinished(event) }

    /// What the names of servers in use promise.
    private static let promises: [String: Promise] = [
        "b64_json": .picture, "b64": .picture, "base64": .picture, "image_base64": .picture, "imagebase64": .picture,
        "image_b64": .picture, "b64_image": .picture, "base64_image": .picture, "bytesbase64encoded": .picture,
        "image": .either, "images": .either, "output_image": .either, "output_images": .either,
        "url": .link, "image_url": .link, "imageurl": .link, "image_urls": .link, "imageurls": .link, "uri": .link,
        "download_url": .link, "output": .anything, "outputs": .anything, "result": .anything, "results": .anything,
        "sample": .anything, "data": .anything,
    ]

    /// Members whose insides are not the picture: what was asked for, and what else an answer tells.
    private static let others: Set<String> = [
        "input", "inputs", "request", "parameters", "params", "metadata", "meta", "mask", "init_image", "thumbnail",
        "thumbnails", "preview", "previews", "error", "errors", "usage", "links", "logs",
    ]

    mutating func take(_ token: AnswerWalk.Token, of walk: AnswerWalk, _ bytes: UnsafeBufferPointer<UInt8>) {
        tokens += 1
        guard tokens < Self.most.tokens, let range = walk.name else { return }
        let name = walk.text(of: range)
        switch token {
        case .text(let text, let isWhole):
            if let promise = Self.promises[name] {
                add(Candidate(promise: promise, text: text, isWhole: isWhole), walk)
            } else if text.count <= 64 {
                mark(name, walk.text(of: text), walk.depth)
            }
        case .word(let word): flag(name, walk.text(of: word), walk)
        case .end: break
        }
    }

    private mutating func add(_ candidate: Candidate, _ walk: AnswerWalk) {
        guard candidates.count < Self.most.candidates else { return }
        let around = walk.ancestors.map(walk.text)
        guard !around.contains(where: { Self.others.contains($0) || $0.hasPrefix("partial") }) else { return }
        let place = candidates.firstIndex { $0.promise.rawValue > candidate.promise.rawValue } ?? candidates.endIndex
        candidates.insert(candidate, at: place)
    }

    /// A short text beside the picture.
    private mutating func mark(_ name: String, _ text: String, _ depth: Int) {
        switch name {
        case "type", "status", "state", "task_status", "event":
            if depth <= 2, Self.isUnfinished(text) { isMarked = true }
        case "finish_reason", "finishreason":
            if ["filter", "safety", "prohibited", "moderat", "nsfw"].contains(where: text.contains) {
                blackened = text
            }
        default: break
        }
    }

    private mutating func flag(_ name: String, _ word: String, _ walk: AnswerWalk) {
        switch (name, word) {
        case ("partial_image_index", let word): if word != "null" { isMarked = true }
        case ("done", "false"), ("is_final", "false"), ("final", "false"): isMarked = true
        case ("step", let word), ("current_step", let word): step = Double(word)
        case ("total_steps", let word), ("num_steps", let word), ("max_steps", let word): steps = Double(word)
        case ("has_nsfw_concepts", "true"), ("nsfw_content_detected", "true"): blackened = name
        case ("filtered", "true"):
            // {"content_filter_results": {"sexual": {"filtered": true}}}
            let around = walk.ancestors.map(walk.text)
            if around.contains(where: { $0.hasPrefix("content_filter") }) { filter = around.last }
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
