import Contracts
import JSONRPC

/// How each piece of work is done, and which event comes of it.
extension JobRunner {
    func event(of work: JobWork, startedAt: Timestamp) async throws -> JobEvent {
        let spec = machine.spec
        if work == .settle { return try await settle() }
        guard let plan = machine.plan, work != .load else { return .loaded(try await studio.load(spec)) }
        switch work {
        case .load, .settle:
            return .loaded(plan)
        case .lead:
            return try await callLead(spec, plan, startedAt: startedAt)
        case .checkLeadFilm:
            guard case .checkingLeadFilm(let video) = machine.phase else { throw CancellationError() }
            let film = try await studio.acceptLeadFilm(video, spec, plan)
            return .leadFilmAccepted(video: film, startedAt: startedAt)
        case .checkLeadClips:
            let faults = try await studio.checkLeadClips(machine.leadClips, spec, plan)
            let good = plan.segments.map(\.id).filter { faults[$0] == nil }
            return .leadClipsChecked(good: good, bad: faults, startedAt: startedAt)
        case .image(let index, _, let provider):
            let image = try await draw(plan.segments[index], provider: provider, spec)
            return .imageMade(segment: index, image: image, startedAt: startedAt)
        case .clip(let index):
            let image = machine.segments[index].image?.image ?? ""
            let clip = try await studio.clip(index, of: plan, image: image, spec)
            return .clipMade(segment: index, clip: clip, startedAt: startedAt)
        case .narrate(let index):
            _ = try await studio.narrate(plan.segments[index], clip: machine.segments[index].clip ?? "", spec)
            return .narrated(segment: index, startedAt: startedAt)
        case .stitch:
            return .stitched(try await studio.stitch(stitchClips(plan), spec), startedAt: startedAt)
        case .verifyFilm:
            let warnings = try await studio.verify(machine.videoURL ?? "", plan, spec)
            return .filmVerified(warnings: warnings, startedAt: startedAt)
        }
    }

    static func failed(_ work: JobWork, _ error: ServiceError, startedAt: Timestamp) -> JobEvent {
        switch work {
        case .load: .loadFailed(error)
        case .lead, .checkLeadFilm, .checkLeadClips: .leadFailed(error, startedAt: startedAt)
        case .image(let index, _, _): .imageFailed(segment: index, error, startedAt: startedAt)
        case .clip(let index): .clipFailed(segment: index, error, startedAt: startedAt)
        case .narrate(let index): .narrationFailed(segment: index, error, startedAt: startedAt)
        case .stitch: .stitchFailed(error, startedAt: startedAt)
        case .verifyFilm: .filmRejected(error, startedAt: startedAt)
        case .settle: .settled(warning: "the receipt cannot be written: \(error.message)")
        }
    }

    // MARK: - The lead

    private func callLead(_ spec: JobSpec, _ plan: JobPlan, startedAt: Timestamp) async throws -> JobEvent {
        do {
            try await breakers.admit("agent5", job: jobID)
        } catch {
            return .leadBarred(error)
        }
        let start = leadStart ?? .now
        leadStart = start
        try await waitAsTold()
        let options = spec.options
        let bounds = LeadClock.Bounds(
            whole: options.agent5Timeout ?? JobDefaults.agent5Timeout, queue: options.agent5Queue,
            firstProgress: options.agent5FirstProgress, stall: options.agent5Stall ?? JobDefaults.agent5Stall)
        let calledAt = Double(start.duration(to: .now).milliseconds) / 1000
        let studio = self.studio
        let ending = try await LeadWatch.hold(
            LeadClock(JobMachine.lead, bounds, calledAt: calledAt), start: start
        ) { hears in
            try await studio.lead(spec, plan) { sign in
                hears(sign)
                if case .progress(let report) = sign { Task { await self.progressed(report) } }
            }
        }
        switch ending {
        case .answered(let result): return .leadDelivered(result, startedAt: startedAt)
        case .expired(let error, let late):
            if let late { await feed(.leadLate(late)) }
            return .leadFailed(error, startedAt: startedAt)
        }
    }

    /// A lead that was given up may have put a film into its folder all the same.
    private func collectLate() async {
        guard let plan = machine.plan, let takeover = machine.takeover,
            takeover.kind == .timeout || takeover.kind == .unavailable,
            let first = machine.attempts.first(where: { $0.agent == JobMachine.lead })
        else { return }
        let used = Set(machine.segments.compactMap(\.clip))
        let films = (try? await studio.films(machine.spec, plan, since: first.startedAt)) ?? []
        for film in films where !used.contains(film) { await feed(.leadLate(AgentResult(video: film))) }
    }

    /// Leaves the lead alone for as long as it asked, however the clock on the wall is set meanwhile.
    private func waitAsTold() async throws {
        guard let moment = machine.leadNotBefore else { return }
        let told = moment.milliseconds - machine.updatedAt.milliseconds
        let wait = min(moment.milliseconds - Timestamp.now.milliseconds, max(told, 0))
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
    }

    private func progressed(_ report: ProgressReport) async {
        guard case .lead = machine.phase else { return }
        await feed(.leadProgress(fraction: report.fraction, message: report.message))
    }

    // MARK: - The understudy

    private func draw(_ segment: PlannedSegment, provider: String?, _ spec: JobSpec) async throws -> GeneratedImage {
        try await breakers.admitImages(provider, job: jobID)
        do {
            let image = try await studio.draw(segment, provider: provider, spec)
            await breakers.imageDone(asked: provider, drew: image.provider, error: nil, job: jobID)
            return image
        } catch {
            let failure = ServiceError(wrapping: error)
            if failure.kind != .cancelled, !StoreHold.isPassing(failure) {
                await breakers.imageDone(asked: provider, drew: failure.provider, error: failure, job: jobID)
            }
            throw failure
        }
    }

    private func stitchClips(_ plan: JobPlan) -> [StitchClip] {
        zip(plan.segments, machine.segments).map { planned, record in
            let narrates = planned.audio != nil && record.narration != .failed
            return StitchClip(
                clip: record.clip ?? "", segmentID: planned.id, duration: planned.duration,
                audio: narrates ? planned.audio : nil, audioStart: narrates ? planned.audioStart : nil,
                text: planned.narration)
        }
    }

    /// Writes the receipt of a job that is decided.
    private func settle() async throws -> JobEvent {
        guard machine.plan != nil else { return .settled(warning: nil) }
        await collectLate()
        try await studio.write(machine.receipt, machine.spec)
        return .settled(warning: nil)
    }
}
