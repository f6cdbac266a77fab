// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import ServicePool

/// Performs each kind of work and returns its event.
extension JobRunner {
    /// Performs work.
    ///
    /// - Returns: the event of its result.
    /// - Throws: the error of the work; `failed` maps it to an event.
    func event(of work: JobWork, startedAt: Timestamp) async throws -> JobEvent {
        let spec = machine.spec
        if case .agent(let agent, let attempt) = work {
            return try await callAgent(agent, isFirst: attempt == 1, spec, startedAt: startedAt)
        }
        if work == .settle { return try await settle() }
        guard let plan = machine.plan, work != .load else { return .loaded(try await services.load(spec)) }
        switch work {
        case .agent, .load, .settle:
            return .loaded(plan)
        case .lead:
            return try await callLead(spec, plan, startedAt: startedAt)
        case .checkLeadFilm:
            guard case .film(let video) = machine.delivery else { throw CancellationError() }
            switch try await services.acceptLeadFilm(video, spec, plan) {
            case .film(let film):
                return .leadFilmAccepted(
                    video: film.video, startedAt: startedAt, seconds: film.seconds, warnings: film.warnings)
            case .segments(let segments):
                return .leadFilmCut(
                    clips: segments.clips, bad: segments.faults, warnings: segments.warnings, startedAt: startedAt)
            }
        case .checkLeadClips:
            guard case .clips(let clips) = machine.delivery else { throw CancellationError() }
            let checked = try await services.checkLeadClips(clips, spec, plan)
            let good = plan.segments.map(\.id).filter { checked.faults[$0] == nil }
            return .leadClipsChecked(
                good: good, bad: checked.faults, startedAt: startedAt, warnings: checked.warnings)
        case .still(let index, let attempt, let provider):
            let image = try await draw(index, attempt: attempt, plan, provider: provider, spec)
            return .imageMade(segment: index, image: image, startedAt: startedAt)
        case .clip(let index):
            let image = machine.segments[index].still?.image ?? ""
            let clip = try await services.clip(index, of: plan, image: image, spec)
            return .clipMade(segment: index, clip: clip, startedAt: startedAt)
        case .narrate(let index):
            let narrated = try await services.narrate(
                plan.segments[index], clip: machine.segments[index].clip ?? "", spec)
            return .narrated(segment: index, startedAt: startedAt, trimmed: narrated.trimmed)
        case .stitch:
            let narrations = await narrationsOverLeadClips(plan)
            var film = try await services.stitch(
                stitchClips(plan, without: Set(narrations.broken.keys)), reencodes: machine.reencodesFilm, spec)
            if !narrations.broken.isEmpty {
                let silent = narrations.broken.sorted { $0.key < $1.key }.map { id, error in
                    "\(id): \(error.message); this part of the film is without its narration"
                }
                film.warnings = (film.warnings ?? []) + silent
            }
            return .stitched(film, startedAt: startedAt, trimmed: narrations.trimmed.isEmpty ? nil : narrations.trimmed)
        case .verifyFilm:
            do {
                let film = try await services.verify(machine.videoURL ?? "", withoutFailedNarrations(plan), spec)
                return .filmVerified(warnings: film.warnings, startedAt: startedAt, seconds: film.seconds)
            } catch let error as ServiceError where error.kind == .corruptMedia && machine.mayReencodeFilm {
                return .filmSpoiled(error, startedAt: startedAt)
            }
        }
    }

    /// The event of work that failed.
    static func failed(_ work: JobWork, _ error: ServiceError, startedAt: Timestamp) -> JobEvent {
        switch work {
        // `callAgent` throws only if the storyboard cannot be read.
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
        if let image = record.userImage, provider == StillProvider.userImage {
            return try await services.adopt(image, spec)
        }
        var segment = plan.segments[index]
        segment.guidance = record.guidance ?? segment.guidance
        let order = StillOrder(
            edition: record.edition, series: record.series, attempt: attempt,
            maxCost: spec.options.maxCost == nil ? nil : machine.understudy.stillPrice(provider))
        do {
            return try await services.draw(segment, order, provider: provider, spec)
        } catch {
            throw ServiceError(wrapping: error).bounded
        }
    }

    /// The clips to stitch.
    ///
    /// - Parameter broken: ids of segments whose narrations cannot be read.
    private func stitchClips(_ plan: JobPlan, without broken: Set<String>) -> [StitchClip] {
        zip(plan.segments, machine.segments).enumerated().map { index, pair in
            let (planned, record) = pair
            let hasAudio = planned.audio != nil && record.narration != .failed && !broken.contains(planned.id)
            return StitchClip(
                clip: record.clip ?? "", segmentID: planned.id, duration: planned.duration,
                audio: hasAudio ? planned.audio : nil, audioStart: hasAudio ? planned.audioStart : nil,
                tempo: hasAudio ? planned.tempo : nil, text: planned.narration, title: plan.chapterTitle(index))
        }
    }

    /// The plan without the narrations that failed: they are not in the film, and may crash the replicas that read them.
    private func withoutFailedNarrations(_ plan: JobPlan) -> JobPlan {
        var result = plan
        for (index, record) in machine.segments.enumerated()
        where record.narration == .failed && result.segments.indices.contains(index) {
            result.segments[index].audio = nil
        }
        return result
    }

    /// Measures the narrations over the lead's clips, which no service has read before the stitching.
    ///
    /// - Returns: by segment id, the seconds that the film cuts from their ends, and the errors of narrations that crash replicas.
    private func narrationsOverLeadClips(
        _ plan: JobPlan
    ) async -> (trimmed: [String: Double], broken: [String: ServiceError]) {
        var trimmed: [String: Double] = [:]
        var broken: [String: ServiceError] = [:]
        for (planned, record) in zip(plan.segments, machine.segments)
        where record.maker == .lead && planned.audio != nil {
            do {
                let length = try await services.narrationLength(planned)
                let duration = (length - (planned.audioStart ?? 0)) / (planned.tempo ?? 1)
                let excess = duration - planned.duration
                if excess >= NarrationFit.tolerance { trimmed[planned.id] = excess }
            } catch let error as ServiceError where error.cause == .replicaBroken {
                broken[planned.id] = error
            } catch {
                // The stitcher reports narrations that it cannot use.
                continue
            }
        }
        return (trimmed, broken)
    }

    /// Writes the receipt of a job whose outcome is decided.
    private func settle() async throws -> JobEvent {
        guard machine.plan != nil else { return .settled(warning: nil) }
        await settleStopped()
        await collectLateFilms()
        try await services.write(machine.receipt, machine.spec)
        return .settled(warning: nil)
    }
}
