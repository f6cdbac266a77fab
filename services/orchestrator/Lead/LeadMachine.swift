// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The lead's part of a job: its calls over all runs, their failures, and its deliveries. Pure.
///
/// `TakeoverDecision` decides when a failed call leads to the takeover.
struct LeadMachine: Sendable {
    private let options: JobOptions
    /// The number of calls since the job or its upgrade began, including the current one.
    private(set) var attempts = 0
    /// Whether the hedge has started: stills are prepared while the lead works.
    private(set) var isHedged = false
    /// When and why the understudy took over; `nil` if it did not.
    private(set) var takeover: Takeover?
    /// Late deliveries, which are not used.
    private(set) var candidates: [Candidate] = []

    init(_ options: JobOptions) { self.options = options }

    // MARK: - Calls

    /// Starts a run of the lead, for the film or for an upgrade.
    mutating func begin(_ upgrade: Upgrade?, _ record: inout JobRecord) -> LeadRun {
        attempts += 1
        record.post(.lead, .starting, "Agent5 is starting")
        return LeadRun(beganAt: record.now, upgrade: upgrade)
    }

    /// Restarts the count of calls for an upgrade.
    mutating func resetAttempts() { attempts = 0 }

    /// Starts the hedge.
    ///
    /// - Returns: `false` if it had started before.
    mutating func startHedge() -> Bool {
        defer { isHedged = true }
        return !isHedged
    }

    /// The number of the lead's call, which grows with each answered attempt. An attempt whose reply was lost may still be running, so the
    /// next one has the same number and gets the result of the same call.
    func callNumber(_ ledger: Ledger) -> Int {
        ledger.attempts.count { $0.agent == .lead } - (repeatsLostCall(ledger) ? 1 : 0)
    }

    /// Whether the next attempt repeats one whose reply was lost with the lead's process.
    func repeatsLostCall(_ ledger: Ledger) -> Bool {
        attempts > 1 && ledger.attempts.last { $0.agent == .lead }?.error?.cause == .replicaLost
    }

    /// Applies an event while the lead is working.
    mutating func apply(_ event: JobEvent, _ run: LeadRun, _ record: inout JobRecord) -> LeadStep {
        switch event {
        case .leadProgress(let fraction, let message):
            record.post(
                .lead, .processing, message.isEmpty ? "Agent5 is working" : message, progress: Progress(share: fraction)
            )
            return .unchanged
        case .leadDelivered(let result, let startedAt): return delivered(result, run, startedAt: startedAt, &record)
        case .leadFailed(let error, let startedAt):
            record.book(LedgerEntry(.lead, .film, startedAt: startedAt, stage: .lead, failed: error))
            return failed(error, run, &record)
        case .leadBarred(let rejection):
            // The breaker opened before the call. If an earlier call of this job failed, that failure is the reason.
            let previousError = record.ledger.attempts.last { $0.agent == .lead }?.error
            return .fail(previousError ?? rejection, isBreakerOpen: previousError == nil)
        default: return .unchanged
        }
    }

    private mutating func delivered(
        _ result: AgentResult, _ run: LeadRun, startedAt: Timestamp, _ record: inout JobRecord
    ) -> LeadStep {
        record.warnOnce(result.warnings ?? [])
        record.book(LedgerEntry(.lead, .film, startedAt: startedAt, stage: .lead, answered: result))
        if run.upgrade == nil, let video = result.video {
            record.post(.lead, .processing, "Agent5 delivered a film, which is being checked")
            return .check(.film(video))
        }
        if !result.clips.isEmpty {
            record.post(.lead, .processing, "Agent5 delivered clips, which are being checked")
            return .check(.clips(result.clips))
        }
        record.ledger.writeOff(result.cost, of: .lead)
        return .fail(
            ServiceError(
                .corruptMedia,
                run.upgrade == nil
                    ? "Agent5 answered with neither a film nor clips" : "Agent5 delivered no clips of single segments"))
    }

    /// Retries or takes over, as `TakeoverDecision` decides.
    private mutating func failed(_ error: ServiceError, _ run: LeadRun, _ record: inout JobRecord) -> LeadStep {
        let decision = TakeoverDecision(
            after: error, attempts: attempts, start: run.beganAt,
            timeout: options.agent5Timeout ?? JobDefaults.agent5Timeout, at: record.now)
        var run = run
        switch decision {
        case .takeOver:
            warnOfLostOrders(&record)
            return .fail(error)
        case .retry:
            attempts += 1
            record.post(.lead, .processing, "Agent5 failed (\(error.message)), retrying")
            return .retry(run)
        case .wait(let seconds):
            attempts += 1
            // trusted: fits the deadline, see `TakeoverDecision`
            run.notBefore = Timestamp(milliseconds: record.now.milliseconds + Int64(seconds * 1000))
            record.post(.lead, .processing, "Agent5 is rate-limited; calling it again in \(LeadTimeouts.text(seconds))")
            return .retry(run)
        }
    }

    /// Warns if the last calls were lost with the lead's process, so that nobody has reported what they ordered.
    private func warnOfLostOrders(_ record: inout JobRecord) {
        let errors = record.ledger.attempts.reversed().lazy.filter { $0.agent == .lead }.map(\.error)
        let unreported = errors.prefix { $0.map { $0.isUnsettled || $0.cause == .noReplica } ?? false }
        // An unreachable process received no order.
        if unreported.contains(where: { $0?.isUnsettled == true && $0?.cause != .replicaUnreachable }) {
            record.warnOnce(["Agent5 exited without reporting its orders: its costs are unknown"])
        }
    }

    // MARK: - Checks

    /// Applies an event while a delivery is being checked.
    mutating func check(
        _ event: JobEvent, _ run: LeadRun, _ delivery: Delivery, _ plan: JobPlan?, _ record: inout JobRecord
    ) -> LeadStep {
        let segments = plan?.segments ?? []
        switch (event, delivery) {
        case (.leadFailed(let error, let startedAt), _):
            record.recordStage(.verify, from: startedAt)
            record.ledger.writeOffAll(of: .lead)
            return .fail(error)
        case (.leadFilmAccepted(let video, let startedAt, let seconds, let found), .film):
            record.recordStage(.verify, from: startedAt)
            record.warn(found ?? [])
            return .acceptFilm(Film(url: video, duration: seconds ?? segments.reduce(0) { $0 + $1.duration }))
        case (.leadFilmCut(let clips, let bad, let found, let startedAt), .film):
            record.recordStage(.verify, from: startedAt)
            record.warn(found)
            return checked(clips, good: clips.map(\.segmentID), bad: bad, segments.map(\.id), &record)
        case (.leadClipsChecked(let good, let bad, let startedAt, let found), .clips(let clips)):
            record.recordStage(.verify, from: startedAt)
            record.warn(found ?? [])
            return if let upgrade = run.upgrade {
                upgraded(upgrade, clips, good: good, bad: bad, segments.map(\.id), &record)
            } else { checked(clips, good: good, bad: bad, segments.map(\.id), &record) }
        default: return .unchanged
        }
    }

    private func checked(
        _ clips: [AgentClip], good: [String], bad: [String: ServiceError], _ segments: [String],
        _ record: inout JobRecord
    ) -> LeadStep {
        let known = Set(good)
        let missing = segments.filter { !known.contains($0) }
        guard !missing.isEmpty else { return .acceptClips(Self.uris(of: good, clips)) }
        let reason =
            missing.lazy.compactMap { bad[$0] }.first
            ?? ServiceError(.corruptMedia, "Agent5 delivered no clip of \(missing.joined(separator: ", "))")
        if options.fallback == .segments, !good.isEmpty { return .acceptSomeClips(Self.uris(of: good, clips), reason) }
        record.ledger.writeOffAll(of: .lead)
        return .fail(reason)
    }

    /// Accepts the good clips of an upgrade; the other segments keep their clips.
    private func upgraded(
        _ upgrade: Upgrade, _ clips: [AgentClip], good: [String], bad: [String: ServiceError], _ segments: [String],
        _ record: inout JobRecord
    ) -> LeadStep {
        let made = good.filter(upgrade.segmentIDs.contains)
        let wanted = segments.filter(upgrade.segmentIDs.contains)
        guard !made.isEmpty else {
            let reason = wanted.lazy.compactMap { bad[$0] }.first
            return .fail(reason ?? ServiceError(.corruptMedia, "Agent5 delivered no clip"))
        }
        for id in wanted where !made.contains(id) {
            let reason = bad[id]?.message ?? "Agent5 delivered no clip"
            record.warn("\(id): \(reason); the segment is unchanged")
        }
        record.post(.lead, .finished, "Agent5 made \(made.count) of \(segments.count) segments")
        return .acceptClips(Self.uris(of: made, clips))
    }

    /// The artifact URIs of clips, by segment id.
    private static func uris(of segments: [String], _ clips: [AgentClip]) -> [String: String?] {
        let uris = Dictionary(clips.map { ($0.segmentID, $0.clip) }) { first, _ in first }
        return Dictionary(segments.map { ($0, uris[$0] ?? nil) }) { first, _ in first }
    }

    // MARK: - Takeover and late replies

    /// Records the takeover and its reason.
    mutating func recordTakeover(_ error: ServiceError, isBreakerOpen: Bool, _ record: inout JobRecord) {
        takeover = Takeover(
            at: record.now, kind: error.kind, reason: error.message, provider: error.provider,
            isBreakerOpen: isBreakerOpen ? true : nil)
        record.post(.lead, .error, error.message, error: error)
        record.post(.understudy, .processing, "Agent5 failed, starting Agent6 fallback...")
    }

    /// Books a delivery that arrived after the call was given up, and lists it as a candidate.
    mutating func recordLateDelivery(_ result: AgentResult, _ record: inout JobRecord) {
        let isKnown = candidates.contains { $0.video == result.video && $0.clips?.count ?? 0 == result.clips.count }
        guard attempts > 0, !isKnown else { return }
        record.ledger.settleLead()
        record.ledger.bookLoss(result.cost + (result.wasted ?? .zero), unknown: result.unknown ?? .zero, of: .lead)
        guard result.video != nil || !result.clips.isEmpty else { return }
        candidates.append(
            Candidate(
                agent: .lead, video: result.video, clips: result.clips.isEmpty ? nil : result.clips, cost: result.cost,
                at: record.now))
        record.post(.lead, .error, "Agent5 delivered too late; what it made is kept as a candidate")
    }

    /// Books the cost that a stopped call reports.
    func settleStoppedCall(_ error: ServiceError, startedAt: Timestamp, _ record: inout JobRecord) {
        if error.isUnsettled {
            record.warn("Agent5 was stopped and did not report its orders: its costs are unknown")
        }
        guard error.wasted + error.unknown > .zero else { return }
        record.book(LedgerEntry(.lead, .film, startedAt: startedAt, failed: error))
    }
}
