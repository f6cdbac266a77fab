import Contracts
import Faults
import Untrusted

/// A receipt as the owner of a product reads it: who failed how, who stepped in, what was kept, what it cost.
struct ReceiptStory {
    let receipt: Receipt

    static func text(_ receipt: Receipt) -> String { ReceiptStory(receipt: receipt).text }

    var text: String {
        var sections = [headline.printable()]
        sections += section("What happened (UTC)", events)
        sections += section("Who made what", makers)
        sections += section("Money", money)
        sections += section("Time", time)
        sections += section("What to know", receipt.warnings.map(Self.ended))
        sections += section("Film", receipt.videoURL.map { [$0] } ?? [])
        return sections.joined(separator: "\n\n")
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [([title] + lines.map { "  \($0.printable())" }).joined(separator: "\n")]
    }

    private static func ended(_ sentence: String) -> String { sentence.hasSuffix(".") ? sentence : sentence + "." }

    // MARK: - Headline

    private var headline: String {
        switch receipt.state {
        case .queued: return "The film of \(receipt.jobID) is not begun yet."
        case .running: return "The film of \(receipt.jobID) is being made; this is how far it is."
        case .cancelled: return "There is no film of \(receipt.jobID): the job was cancelled."
        case .error:
            return Self.ended("There is no film of \(receipt.jobID): \(receipt.error?.message ?? "the job failed")")
        case .finished: return "The film of \(receipt.jobID) is ready. \(credit)"
        }
    }

    private var credit: String {
        let (all, lead) = (receipt.segments.count, receipt.segments.count { $0.maker == .lead })
        guard let takeover = receipt.takeover else {
            return lead == all ? "Agent5 made it; nobody had to step in." : "Agent6 made it, as it was asked to."
        }
        if lead == all { return "Agent5 made all of it in the end." }
        if lead > 0 {
            return "Agent5 made \(lead) of \(Count.of(all, "segment")); Agent6 stepped in for the other \(all - lead)."
        }
        return takeover.breakerOpen == true
            ? "Agent5 was not asked, as it had failed too often; Agent6 made it."
            : "Agent5 could not make it, so Agent6 did."
    }

    // MARK: - What happened

    private var events: [String] {
        var events: [(Timestamp, String)] = receipt.attempts.compactMap { attempt in
            sentence(attempt).map { (attempt.startedAt, $0) }
        }
        if let takeover = receipt.takeover { events.append((takeover.at, sentence(takeover))) }
        // Sorting keeps what happened in one millisecond in the order in which it was noted.
        return events.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { "\(Moment.time($0.element.0))  \($0.element.1)" }
    }

    /// The lead's attempts all, the understudy's only where they failed.
    private func sentence(_ attempt: Attempt) -> String? {
        let seconds = attempt.endedAt?.seconds(since: attempt.startedAt)
        let after = seconds.map { " after \(Count.seconds($0))" } ?? ""
        let paid = attempt.cost > .zero ? ", for \(attempt.cost.text)" : ""
        let price = paid + (attempt.unknown.map { ", for perhaps \($0.text)" } ?? "")
        guard let error = attempt.error else {
            return attempt.agent == .lead && attempt.work == .film
                ? "Agent5 was asked, and delivered\(after)\(price)." : nil
        }
        let wait = error.retryAfter.map { ", and asked to be left alone for \(Count.seconds($0))" } ?? ""
        return "\(deed(attempt)) failed\(after)\(price)\(wait): \(Self.quote(error))"
    }

    private func deed(_ attempt: Attempt) -> String {
        let segment = attempt.segmentID ?? "a segment"
        switch attempt.work {
        case .film: return "\(attempt.agent.name) was asked, and"
        case .still: return "\(attempt.agent.name)'s still of \(segment)"
        case .clip: return "\(attempt.agent.name)'s clip of \(segment)"
        case .narration: return "The narration of \(segment)"
        case .stitch: return "Joining the clips"
        case .inputs: return "\(attempt.agent.name)'s inputs"
        }
    }

    private func sentence(_ takeover: Takeover) -> String {
        if takeover.breakerOpen == true { return "Agent6 stepped in at once: the breaker of Agent5 was open." }
        // What the last attempt ended with has just been said.
        if receipt.leadAttempts.last?.error?.message == takeover.reason { return "Agent6 stepped in." }
        let reason = ServiceError(takeover.kind, takeover.reason, provider: takeover.provider)
        return "Agent6 stepped in: \(Self.quote(reason))"
    }

    /// `"You exceeded your current quota" (acme-video, no credit left).`
    private static func quote(_ error: ServiceError) -> String {
        let source = ([error.provider].compactMap { $0 } + [error.kind.words]).joined(separator: ", ")
        return "\"\(error.message)\" (\(source))."
    }

    // MARK: - Who made what

    /// Neighbours that were made alike share a line.
    private var makers: [String] {
        var groups: [(segments: [SegmentReceipt], maker: String)] = []
        for segment in receipt.segments {
            let maker = Self.maker(segment)
            if groups.last?.maker == maker {
                groups[groups.count - 1].segments.append(segment)
            } else {
                groups.append(([segment], maker))
            }
        }
        return groups.map { segments, maker in
            let first = segments.first?.segmentID ?? ""
            let names = segments.count == 1 ? first : "\(first) to \(segments.last?.segmentID ?? "")"
            let cost = segments.reduce(.zero) { $0 + $1.cost }
            return "\(names): \(maker)\(cost > .zero ? ", \(cost.text)" : "")"
        }
    }

    private static func maker(_ segment: SegmentReceipt) -> String {
        guard let maker = segment.maker else { return "nobody yet" }
        let still = segment.imageProvider.map { $0 == "card" ? ", from a card" : ", from a still by \($0)" } ?? ""
        return "\(maker.name)\(still)\(segment.reused ? ", kept from an earlier run" : "")"
    }

    // MARK: - Money and time

    private var money: [String] {
        let costs = receipt.costs
        let shares = Agent.allCases.filter { costs[$0] > .zero }.map { "\($0.name) \(costs[$0].text)" }
        var lines = [
            shares.isEmpty
                ? "It cost nothing." : "It cost \(costs.total.text) in all: \(shares.joined(separator: ", "))."
        ]
        lines.append(
            receipt.wasted > .zero
                ? "\(receipt.wasted.text) of that bought nothing that could be used." : "Nothing was wasted.")
        if let unknown = receipt.unknown, unknown > .zero {
            lines.append("\(unknown.text) more may have been charged for orders without an answer.")
        }
        if receipt.saved > .zero { lines.append("Stills that were there already saved \(receipt.saved.text).") }
        return lines
    }

    /// One line of the stages that took long enough to be worth a word.
    private var time: [String] {
        let told = receipt.stages.filter { $0.seconds >= 0.01 }
        let words = told.map { "\(Self.name($0.stage)) \(Count.seconds($0.seconds))" }
        return words.isEmpty ? [] : [words.joined(separator: ", ") + "."]
    }

    private static func name(_ stage: JobStage) -> String {
        switch stage {
        case .load: "reading"
        case .lead: Agent.lead.name
        case .stitch: "joining"
        case .verify: "checking"
        case .stills: "stills"
        case .agent2, .agent4, .clips, .narration: stage.rawValue
        }
    }
}
