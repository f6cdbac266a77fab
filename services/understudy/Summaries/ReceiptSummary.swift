// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// A receipt in words: what failed, who took over, what was reused, what it cost. The web page uses the same words.
struct ReceiptSummary {
    let receipt: Receipt

    /// The sections of a receipt, separated by blank lines.
    static func text(_ receipt: Receipt) -> String { ReceiptSummary(receipt: receipt).text }

    private var text: String {
        var sections = [headline.printable()]
        sections += section("What happened (UTC)", events)
        sections += section("Who made what", makers)
        sections += section("Cost", costs)
        sections += section("Time", time)
        sections += section("Warnings", receipt.warnings.map(Self.withFullStop))
        sections += section("Film", receipt.videoURL.map { [$0] } ?? [])
        return sections.joined(separator: "\n\n")
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [([title] + lines.map { "  \($0.printable())" }).joined(separator: "\n")]
    }

    private static func withFullStop(_ sentence: String) -> String {
        sentence.hasSuffix(".") ? sentence : sentence + "."
    }

    // MARK: - Headline

    private var headline: String {
        switch receipt.state {
        case .queued: return "The film of \(receipt.jobID) has not been started yet."
        case .running: return "The film of \(receipt.jobID) is being made; this receipt is incomplete."
        case .cancelled: return "There is no film of \(receipt.jobID): the job was cancelled."
        case .error:
            return Self.withFullStop(
                "There is no film of \(receipt.jobID): \(receipt.error?.message ?? "the job failed")")
        case .finished: return "The film of \(receipt.jobID) is ready. \(credit)"
        }
    }

    private var credit: String {
        let (all, lead) = (receipt.segments.count, receipt.segments.count { $0.maker == .lead })
        guard let takeover = receipt.takeover else {
            return lead == all ? "Agent5 made it; no takeover was needed." : "Agent6 made it, as requested."
        }
        if lead == all { return "Agent5 made all segments in the end." }
        if lead > 0 {
            return "Agent5 made \(lead) of \(Formatting.count(all, "segment")); Agent6 made the other \(all - lead)."
        }
        return takeover.isBreakerOpen == true
            ? "Agent5 was not called because it had failed too often; Agent6 made it."
            : "Agent5 could not make it, so Agent6 did."
    }

    // MARK: - What happened

    private var events: [String] {
        var events: [(Timestamp, String)] = receipt.attempts.compactMap { attempt in
            sentence(attempt).map { (attempt.startedAt, $0) }
        }
        if let takeover = receipt.takeover { events.append((takeover.at, sentence(takeover))) }
        // Events of the same millisecond stay in their recorded order.
        return events.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { "\(TimeFormat.timeOfDay($0.element.0))  \($0.element.1)" }
    }

    /// A sentence about an attempt: any attempt of the lead, and those of the understudy that failed.
    private func sentence(_ attempt: Attempt) -> String? {
        let seconds = attempt.endedAt?.seconds(since: attempt.startedAt)
        let after = seconds.map { " after \(Formatting.seconds($0))" } ?? ""
        let isPaid = attempt.cost > .zero
        let paid = isPaid ? ", for \(attempt.cost.text)" : ""
        let possible = attempt.unknown.map { isPaid ? ", and up to \($0.text) more" : ", for up to \($0.text)" }
        let price = paid + (possible ?? "")
        guard let error = attempt.error else {
            return attempt.agent == .lead && attempt.work == .film
                ? "Agent5 was called and delivered\(after)\(price)." : nil
        }
        let delay = error.retryAfter.map { ", to be retried after \(Formatting.seconds($0))" } ?? ""
        return "\(subject(attempt)) failed\(after)\(price)\(delay): \(Self.quote(error))"
    }

    private func subject(_ attempt: Attempt) -> String {
        let segment = attempt.segmentID ?? "a segment"
        switch attempt.work {
        case .film: return "\(attempt.agent.name) was called and"
        case .still: return "\(attempt.agent.name)'s still of \(segment)"
        case .clip: return "\(attempt.agent.name)'s clip of \(segment)"
        case .narration: return "The narration of \(segment)"
        case .stitch: return "Stitching the clips"
        case .inputs: return "\(attempt.agent.name)'s inputs"
        }
    }

    private func sentence(_ takeover: Takeover) -> String {
        if takeover.isBreakerOpen == true { return "Agent6 took over immediately: the breaker of Agent5 was open." }
        // The error of the last attempt is not repeated.
        if receipt.leadAttempts.last?.error?.message == takeover.reason { return "Agent6 took over." }
        let reason = ServiceError(takeover.kind, takeover.reason, provider: takeover.provider)
        return "Agent6 took over: \(Self.quote(reason))"
    }

    /// `"You exceeded your current quota" (acme-video, no credit left).`
    private static func quote(_ error: ServiceError) -> String {
        let source = ([error.provider].compactMap { $0 } + [error.kind.phrase]).joined(separator: ", ")
        return "\"\(error.message)\" (\(source))."
    }

    // MARK: - Who made what

    /// One line for each run of segments with the same maker.
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
        guard let maker = segment.maker else { return "not made yet" }
        let still = segment.imageProvider.map { $0 == "card" ? ", from a card" : ", from a still by \($0)" } ?? ""
        return "\(maker.name)\(still)\(segment.isReused ? ", reused from an earlier run" : "")"
    }

    // MARK: - Cost and time

    private var costs: [String] {
        let costs = receipt.costs
        let shares = Agent.allCases.filter { costs[$0] > .zero }.map { "\($0.name) \(costs[$0].text)" }
        var lines = [
            shares.isEmpty
                ? "Nothing was spent." : "\(costs.total.text) in total: \(shares.joined(separator: ", "))."
        ]
        lines.append(
            receipt.wasted > .zero
                ? "\(receipt.wasted.text) of that was wasted on results that could not be used." : "Nothing was wasted."
        )
        if let unknown = receipt.unknown, unknown > .zero {
            lines.append("Up to \(unknown.text) more may have been charged for orders whose outcome is unknown.")
        }
        if receipt.saved > .zero { lines.append("Cached stills saved \(receipt.saved.text).") }
        return lines
    }

    /// One line with the stages that took at least a hundredth of a second.
    private var time: [String] {
        let stages = receipt.stages.filter { $0.seconds >= 0.01 }
        let texts = stages.map { "\(Self.name($0.stage)) \(Formatting.seconds($0.seconds))" }
        return texts.isEmpty ? [] : [texts.joined(separator: ", ") + "."]
    }

    private static func name(_ stage: JobStage) -> String {
        switch stage {
        case .load: "loading"
        case .lead: Agent.lead.name
        case .stitch: "stitching"
        case .verify: "verifying"
        case .stills: "stills"
        case .agent2, .agent4, .clips, .narration: stage.rawValue
        }
    }
}
