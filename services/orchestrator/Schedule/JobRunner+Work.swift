import Contracts
import Faults
import JSONRPC
import ServicePool

/// How each piece of work is done, and which event comes of it.
extension JobRunner {
    func event(of work: JobWork, startedAt: Timestamp) async throws -> JobEvent {
        let spec = machine.spec
        if case .agent(let agent, let attempt) = work {
            return try await callAgent(agent, isFirst: attempt == 1, spec, startedAt: startedAt)
        }
        if work == .settle { return try await settle() }
        guard let plan = machine.plan, work != .load else { return .loaded(try await studio.load(spec)) }
        switch work {
        case .agent, .load, .settle:
            return .loaded(plan)
        case .lead:
            return try await callLead(spec, plan, startedAt: startedAt)
        case .checkLeadFilm:
            guard case .film(let video) = machine.delivery else { throw CancellationError() }
            switch try await studio.acceptLeadFilm(video, spec, plan) {
            case .film(let film):
                return .leadFilmAccepted(
                    video: film.video, startedAt: startedAt, seconds: film.seconds, warnings: film.warnings)
            case .parts(let parts):
                return .leadFilmCut(
                    clips: parts.clips, bad: parts.faults, warnings: parts.warnings, startedAt: startedAt)
            }
        case .checkLeadClips:
            guard case .clips(let clips) = machine.delivery else { throw CancellationError() }
            let checked = try await studio.checkLeadClips(clips, spec, plan)
            let good = plan.segments.map(\.id).filter { checked.faults[$0] == nil }
            return .leadClipsChecked(
                good: good, bad: checked.faults, startedAt: startedAt, warnings: checked.warnings)
        case .still(let index, let attempt, let provider):
            let image = try await draw(index, attempt: attempt, plan, provider: provider, spec)
            return .imageMade(segment: index, image: image, startedAt: startedAt)
        case .clip(let index):
            let image = machine.segments[index].still?.image ?? ""
            let clip = try await studio.clip(index, of: plan, image: image, spec)
            return .clipMade(segment: index, clip: clip, startedAt: startedAt)
        case .narrate(let index):
            let narrated = try await studio.narrate(
                plan.segments[index], clip: machine.segments[index].clip ?? "", spec)
            return .narrated(segment: index, startedAt: startedAt, trimmed: narrated.trimmed)
        case .stitch:
            let sound = await soundOverLeadClips(plan)
            var film = try await studio.stitch(
                stitchClips(plan, without: Set(sound.broken.keys)), reencodes: machine.reencodesFilm, spec)
            if !sound.broken.isEmpty {
                let silent = sound.broken.sorted { $0.key < $1.key }.map { id, error in
                    "\(id): \(error.message); this part of the film is without its narration"
                }
                film.warnings = (film.warnings ?? []) + silent
            }
            return .stitched(film, startedAt: startedAt, trimmed: sound.trimmed.isEmpty ? nil : sound.trimmed)
        case .verifyFilm:
            do {
                let film = try await studio.verify(machine.videoURL ?? "", heard(plan), spec)
                return .filmVerified(warnings: film.warnings, startedAt: startedAt, seconds: film.seconds)
            } catch let error as ServiceError where error.kind == .corruptMedia && machine.mayReencodeFilm {
                return .filmSpoiled(error, startedAt: startedAt)
            }
        }
    }

    static func failed(_ work: JobWork, _ error: ServiceError, startedAt: Timestamp) -> JobEvent {
        switch work {
        // Only reading the storyboard for it can fail outside the call.
        case .agent, .load: .loadFailed(error)
        case .lead, .checkLeadFilm, .checkLeadClips: .leadFailed(error, startedAt: startedAt)
        case .still(let index, _, _): .stillFailed(segment: index, error, startedAt: startedAt)
        case .clip(let index): .clipFailed(segment: index, error, startedAt: startedAt)
        case .narrate(let index): .narrationFailed(segment: index, error, startedAt: startedAt)
        case .stitch: .stitchFailed(error, startedAt: startedAt)
        case .verifyFilm: .filmRejected(error, startedAt: startedAt)
        case .settle: .settled(warning: "the receipt cannot be written: \(error.message)")
        }
    }

    // MARK: - The understudy

    private func draw(
        _ index: Int, attempt: Int, _ plan: JobPlan, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage {
        let record = machine.segments[index]
        if let image = record.given, provider == StillProvider.given { return try await studio.adopt(image, spec) }
        var segment = plan.segments[index]
        segment.guidance = record.guidance ?? segment.guidance
        let order = StillOrder(
            edition: record.edition, series: record.series, attempt: attempt,
            maxCost: spec.options.maxCost == nil ? nil : machine.understudy.stillPrice(provider))
        do {
            return try await studio.draw(segment, order, provider: provider, spec)
        } catch {
            throw ServiceError(wrapping: error).bounded
        }
    }

    /// - Parameter broken: segments whose narrations cannot be read.
    private func stitchClips(_ plan: JobPlan, without broken: Set<String>) -> [StitchClip] {
        zip(plan.segments, machine.segments).map { planned, record in
            let narrates = planned.audio != nil && record.narration != .failed && !broken.contains(planned.id)
            return StitchClip(
                clip: record.clip ?? "", segmentID: planned.id, duration: planned.duration,
                audio: narrates ? planned.audio : nil, audioStart: narrates ? planned.audioStart : nil,
                tempo: narrates ? planned.tempo : nil, text: planned.narration)
        }
    }

    /// The plan without the narrations that could not be used: they are not in the film, and may break what reads them.
    private func heard(_ plan: JobPlan) -> JobPlan {
        var heard = plan
        for (index, record) in machine.segments.enumerated()
        where record.narration == .failed && heard.segments.indices.contains(index) {
            heard.segments[index].audio = nil
        }
        return heard
    }

    /// The narrations over the lead's clips, which nobody has read before they are laid under the film.
    ///
    /// - Returns: by segment, the seconds that the film cuts from them, and the errors of those that break what reads them.
    private func soundOverLeadClips(
        _ plan: JobPlan
    ) async -> (trimmed: [String: Double], broken: [String: ServiceError]) {
        var trimmed: [String: Double] = [:]
        var broken: [String: ServiceError] = [:]
        for (planned, record) in zip(plan.segments, machine.segments)
        where record.maker == .lead && planned.audio != nil {
            do {
                let length = try await studio.narrationLength(planned)
                let heard = (length - (planned.audioStart ?? 0)) / (planned.tempo ?? 1)
                if heard - planned.duration >= NarrationFit.tolerance { trimmed[planned.id] = heard - planned.duration }
            } catch let error as ServiceError where error.cause == .replicaBroken {
                broken[planned.id] = error
            } catch {
                // The stitcher reports what it cannot use.
                continue
            }
        }
        return (trimmed, broken)
    }

    /// Writes the receipt of a job that is decided.
    private func settle() async throws -> JobEvent {
        guard machine.plan != nil else { return .settled(warning: nil) }
        await settleStopped()
        await collectLate()
        try await studio.write(machine.receipt, machine.spec)
        return .settled(warning: nil)
    }
}
