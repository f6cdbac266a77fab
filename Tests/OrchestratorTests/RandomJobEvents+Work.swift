// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

@testable import Orchestrator

/// Events as a runner would report them: completions and failures of the job's work, and requests of a user for a job that has ended.
extension RandomJobEvents {
    /// The completion of a random piece of the machine's work; in one of six cases an arbitrary event.
    mutating func matchingEvent(_ machine: JobMachine, _ startedAt: Timestamp) -> JobEvent {
        if random(6) == 0 { return event(startedAt) }
        switch machine.state {
        case .queued: return .started
        case .finished, .error, .cancelled: return followUp()
        case .running: break
        }
        if machine.decidedState.isTerminal, let open = machine.unsettled.map(\.segment).min(by: Self.isBefore) {
            if random(2) == 0 { return .stopped(segment: open, failure(), startedAt: startedAt) }
            if let open { return .imageMade(segment: open, image: image(), startedAt: startedAt) }
            return .leadLate(AgentResult(video: "late\(random(2))", cost: amount()))
        }
        let work = machine.work.sorted { GoldenText.text(of: $0) < GoldenText.text(of: $1) }
        guard let chosen = work.randomElement(using: &generator) else { return event(startedAt) }
        return completion(of: chosen, startedAt)
    }

    private static func isBefore(_ left: Int?, _ right: Int?) -> Bool { left ?? -1 < right ?? -1 }

    private mutating func random(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    private mutating func amount() -> USD { USD(micros: Int64(random(6)) * 10_000) }

    private mutating func failure() -> ServiceError {
        var error = error()
        error.wasted = random(3) == 0 ? amount() : .zero
        error.unknown = random(3) == 0 ? amount() : .zero
        error.nextAttempt = random(3) == 0 ? 1 : nil
        error.providerCode = ["replica_lost", "replica_broken", "not_settled", "503", nil, nil][random(6)]
        return error
    }

    private mutating func image() -> GeneratedImage {
        var image = GeneratedImage(
            image: "i\(random(9))", width: 1, height: 1, mediaType: "m", provider: "p\(random(2))", model: "m",
            cost: amount(), attempts: 1, isCached: false, saved: random(4) == 0 ? amount() : nil)
        image.wasted = random(4) == 0 ? amount() : nil
        image.unknown = random(4) == 0 ? amount() : nil
        image.warnings = random(5) == 0 ? ["odd"] : nil
        return image
    }

    private mutating func result(_ video: String?, _ clips: [AgentClip]) -> AgentResult {
        var result = AgentResult(video: video, clips: clips, cost: amount())
        result.wasted = random(3) == 0 ? amount() : nil
        result.unknown = random(3) == 0 ? amount() : nil
        result.warnings = random(4) == 0 ? ["from the lead"] : nil
        return result
    }

    /// A retry, an edit or an upgrade.
    private mutating func followUp() -> JobEvent {
        switch random(5) {
        case 0: .retried(.all)
        case 1: .retried(.failed)
        case 2: .retried(.segments(["seg_\(random(4) + 1)"]))
        case 3: .edited(["seg_\(random(4) + 1)": SegmentEdit(prompt: "p", image: random(2) == 0 ? "own" : nil)])
        default: .upgradeAsked(["seg_\(random(4) + 1)", "seg_\(random(4) + 1)"], cost: amount())
        }
    }

    private mutating func completion(of work: JobWork, _ startedAt: Timestamp) -> JobEvent {
        switch work {
        case .agent(let agent, _):
            switch random(5) {
            case 0: return .agentFailed(agent, failure(), inputsExist: random(3) > 0, startedAt: startedAt)
            case 1: return .agentSkipped(agent)
            case 2: return .agentBegun(agent)
            default: return .agentDone(agent, result(nil, []), startedAt: startedAt)
            }
        case .load: return .loaded(JobMachineFixture.plan(4, narrated: random(3) > 0, stitchBackend: stitchBackend))
        case .settle: return .settled(warning: random(6) == 0 ? "no receipt" : nil)
        case .lead, .checkLeadFilm, .checkLeadClips: return leadCompletion(of: work, startedAt)
        case .still(let index, _, _):
            switch random(6) {
            case 0: return .stillFailed(segment: index, failure(), startedAt: startedAt)
            case 1 where random(3) == 0: return .imageFailed(segment: index, failure(), startedAt: startedAt)
            default: return .imageMade(segment: index, image: image(), startedAt: startedAt)
            }
        case .clip(let index):
            if random(20) == 0 { return .clipFailed(segment: index, failure(), startedAt: startedAt) }
            var clip = CreatedClip(
                clip: "c\(index)", duration: 1, frames: 1, width: 1, height: 1, fps: 30, bytes: 1, cost: amount(),
                encodeTime: 0)
            clip.warnings = random(6) == 0 ? ["odd"] : nil
            return .clipMade(segment: index, clip: clip, startedAt: startedAt)
        case .narrate(let index):
            if random(6) == 0 { return .narrationFailed(segment: index, failure(), startedAt: startedAt) }
            return .narrated(segment: index, startedAt: startedAt, trimmed: random(3) == 0 ? 1.25 : nil)
        case .stitch:
            if random(6) == 0 { return .stitchFailed(failure(), startedAt: startedAt) }
            var film = JobMachineFixture.film
            film.copiedFrames = random(4) == 0 ? 0 : 900
            film.cost = amount()
            return .stitched(film, startedAt: startedAt, trimmed: random(3) == 0 ? ["seg_2": 0.75] : nil)
        case .verifyFilm:
            switch random(5) {
            case 0: return .filmRejected(failure(), startedAt: startedAt)
            case 1: return .filmSpoiled(failure(), startedAt: startedAt)
            default:
                return .filmVerified(
                    warnings: random(3) == 0 ? ["quiet"] : nil, startedAt: startedAt,
                    seconds: random(2) == 0 ? 59.5 : nil)
            }
        }
    }

    private mutating func leadCompletion(of work: JobWork, _ startedAt: Timestamp) -> JobEvent {
        let clips = (1...4).map { AgentClip(segmentID: "seg_\($0)", clip: "lead\($0)") }
        let some = clips.filter { _ in random(4) > 0 }
        switch (work, random(7)) {
        case (.lead, 0): return .hedged
        case (.lead, 1): return .leadProgress(fraction: 0.5, message: "rendering")
        case (.lead, 2): return .leadDelivered(result("film", []), startedAt: startedAt)
        case (.lead, 3), (.lead, 4): return .leadDelivered(result(nil, clips), startedAt: startedAt)
        case (.lead, 5): return random(3) == 0 ? .leadBarred(failure()) : .leadLate(result("late", []))
        case (.checkLeadFilm, 0...2):
            return .leadFilmAccepted(
                video: "final", startedAt: startedAt, seconds: random(2) == 0 ? 59.7 : nil, warnings: ["w"])
        case (.checkLeadFilm, 3...4):
            return .leadFilmCut(clips: some, bad: ["seg_1": failure()], warnings: ["cut"], startedAt: startedAt)
        case (.checkLeadClips, 0...5):
            let good = random(2) == 0 ? clips : some
            return .leadClipsChecked(
                good: good.map(\.segmentID), bad: random(2) == 0 ? ["seg_2": failure()] : [:], startedAt: startedAt,
                warnings: random(3) == 0 ? ["dark"] : nil)
        default: return .leadFailed(failure(), startedAt: startedAt)
        }
    }
}
