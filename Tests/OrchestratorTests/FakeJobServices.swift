// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import JSON
import JSONRPC
import ServicePool
import Synchronization

@testable import Orchestrator

/// Job services without processes: replies are immediate, and fail as configured.
final class FakeJobServices: JobServices {
    /// The calls in order, such as `draw seg_1`.
    let calls = Mutex<[String]>([])
    /// The receipts written.
    let receipts = Mutex<[Receipt]>([])
    /// The types of the events logged.
    let logged = Mutex<[String]>([])
    private let segments: Int
    private let leftoverFilms: [String]
    private let hasInputs: Bool
    private let onAgent: (@Sendable (ChainAgent) async throws -> AgentResult)?
    private let onLead: @Sendable (JobSpec, @Sendable (AgentActivity) -> Void) async throws -> AgentResult
    private let onDraw: @Sendable (PlannedSegment, String?) async throws -> Void
    private let onLog: @Sendable (String) -> Void
    private let hangsAtClip: Bool
    private let spoiledFilms: Int
    private let brokenNarrations: Set<String>
    /// The clips of the most recent film.
    let stitched = Mutex<[StitchClip]>([])
    /// The plan that the most recent film was verified against.
    let checked = Mutex<JobPlan?>(nil)
    private let verified = Atomic(0)

    /// - Parameters:
    ///   - segments: the number of segments of each job.
    ///   - leadError: the lead's failure; if `nil`, the lead delivers a film. Ignored if `onLead` is given.
    ///   - hangsAtClip: whether encoding a clip never ends.
    ///   - leftoverFilms: the films in the lead's folder when the job ends.
    ///   - hasInputs: whether the storyboard and the narrations exist already.
    ///   - spoiledFilms: the number of films, from the first, that fail verification.
    ///   - brokenNarrations: the segments whose narrations crash every replica that reads them.
    ///   - onAgent: the reply of the agents before the lead; they do not run as services if `nil`.
    ///   - onLead: the reply of the lead.
    ///   - onDraw: called for each still, with the requested provider.
    ///   - onLog: called with the type of each event that is logged.
    init(
        segments: Int = 2, leadError: ServiceError? = ServiceError(.quotaExhausted, "no credit"),
        hangsAtClip: Bool = false, leftoverFilms: [String] = [], hasInputs: Bool = false, spoiledFilms: Int = 0,
        brokenNarrations: Set<String> = [],
        onAgent: (@Sendable (ChainAgent) async throws -> AgentResult)? = nil,
        onLead: (@Sendable (JobSpec, @Sendable (AgentActivity) -> Void) async throws -> AgentResult)? = nil,
        onDraw: @escaping @Sendable (PlannedSegment, String?) async throws -> Void = { _, _ in },
        onLog: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.segments = segments
        self.leftoverFilms = leftoverFilms
        self.hasInputs = hasInputs
        self.onAgent = onAgent
        self.hangsAtClip = hangsAtClip
        self.spoiledFilms = spoiledFilms
        self.brokenNarrations = brokenNarrations
        self.onLead =
            onLead ?? { _, _ in
                if let leadError { throw leadError }
                return AgentResult(video: "file:///lead.mp4")
            }
        self.onDraw = onDraw
        self.onLog = onLog
    }

    private func record(_ call: String) { calls.withLock { $0.append(call) } }

    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool { onAgent != nil }
    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue { [:] }
    func hasInputs(of agent: ChainAgent, _ spec: JobSpec) async -> Bool { hasInputs }

    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult {
        record(agent.rawValue)
        onActivity(.sent)
        onActivity(.progress(ProgressReport(fraction: 0.5, message: "thinking")))
        return try await onAgent?(agent) ?? AgentResult()
    }

    func load(_ spec: JobSpec) async throws -> JobPlan { JobMachineFixture.plan(segments, stitchBackend: .local) }

    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ request: LeadClipRequest?, key: String, isRepeated: Bool,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult {
        let text = request.map { "lead \($0.segments.joined(separator: " ")) for \($0.cost.text)" } ?? "lead"
        record(isRepeated ? "\(text) again" : text)
        onActivity(.sent)
        return try await onLead(spec, onActivity)
    }

    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String] { leftoverFilms }

    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm {
        .film(VerifiedFilm(video: "file:///final.mp4", seconds: 29.8, warnings: []))
    }

    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadSegments {
        var faults: [String: ServiceError] = [:]
        for segment in plan.segments where !clips.contains(where: { $0.segmentID == segment.id && $0.clip != nil }) {
            faults[segment.id] =
                clips.first { $0.segmentID == segment.id }?.error ?? ServiceError(.corruptMedia, "no clip")
        }
        return LeadSegments(faults: faults)
    }

    func draw(
        _ segment: PlannedSegment, _ order: StillOrder, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage {
        if let refusal = provider.flatMap({ admit($0, spec.jobID) }) { throw refusal }
        record(segment.guidance == "g" ? "draw \(segment.id)" : "draw \(segment.id): \(segment.guidance)")
        do {
            try await onDraw(segment, provider)
            if let provider { change(provider) { $0.succeeded(at: .now) } }
        } catch let error as ServiceError {
            if let provider, error.nextAttempt == nil {
                change(provider) { $0.failed(error.kind, job: spec.jobID, at: .now, .init()) }
            }
            throw error
        }
        return GeneratedImage(
            image: "file:///\(segment.id).png", width: 1, height: 1, mediaType: "image/png",
            provider: provider ?? "card", model: "m", cost: USD(0.02), attempts: 1, isCached: false)
    }

    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage {
        record("adopt \(image)")
        return GeneratedImage(
            image: image, width: 1, height: 1, mediaType: "image/png", provider: "given", model: "", cost: .zero,
            attempts: 1, isCached: false)
    }

    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip {
        let segment = plan.segments[index]
        record("clip \(segment.id)")
        if hangsAtClip { try await Task.sleep(for: .seconds(3600)) }
        return CreatedClip(
            clip: "file:///\(segment.id).mp4", duration: 15, frames: 450, width: 1, height: 1, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0)
    }

    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio {
        try readNarration(segment)
        return ReplacedAudio(clip: clip, audioDuration: 1, padded: 0, trimmed: 0)
    }

    func narrationLength(_ segment: PlannedSegment) async throws -> Double {
        try readNarration(segment)
        return 1
    }

    private func readNarration(_ segment: PlannedSegment) throws {
        guard brokenNarrations.contains(segment.id) else { return }
        throw ServiceError(.corruptMedia, "two processes broke", providerCode: ServicePools.replicaBroken)
    }

    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> StitchedFilm {
        if reencodes { record("stitch again") }
        stitched.withLock { $0 = clips }
        guard clips.allSatisfy({ $0.audio == nil || !brokenNarrations.contains($0.segmentID) }) else {
            throw ServiceError(.corruptMedia, "two stitchers broke", providerCode: ServicePools.replicaBroken)
        }
        return JobMachineFixture.film
    }
    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> VerifiedFilm {
        checked.withLock { $0 = plan }
        if verified.add(1, ordering: .relaxed).newValue <= spoiledFilms {
            throw ServiceError(.corruptMedia, "the film does not decode")
        }
        return VerifiedFilm(video: video, seconds: 30, warnings: [])
    }
    func imageProviders() async -> [String] { ["card", "acme"] }

    /// The breakers of the image providers, as `imagegen` has them.
    private let breakers = Mutex<[String: BreakerMachine]>([:])

    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView {
        change(provider) { machine in
            machine.apply(action, at: .now)
            return machine.view(of: BreakerView.imagePrefix + provider)
        }
    }

    private func admit(_ provider: String, _ job: String) -> ServiceError? {
        change(provider) { machine in
            machine.admit(job, at: .now) ? nil : machine.view(of: BreakerView.imagePrefix + provider).rejection
        }
    }

    private func change<T>(_ provider: String, _ body: (inout BreakerMachine) -> T) -> T {
        breakers.withLock { body(&$0[provider, default: BreakerMachine(at: .now)]) }
    }
    func write(_ receipt: Receipt, _ spec: JobSpec) async throws { receipts.withLock { $0.append(receipt) } }
    func log(_ type: String, _ data: JSONValue) {
        logged.withLock { $0.append(type) }
        onLog(type)
    }
}
