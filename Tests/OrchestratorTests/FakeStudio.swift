import Breaker
import Contracts
import Faults
import JSON
import JSONRPC
import ServicePool
import Synchronization

@testable import Orchestrator

/// A studio that needs no services: instant, and wrong where it is told to be.
final class FakeStudio: Studio {
    let calls = Mutex<[String]>([])
    let receipts = Mutex<[Receipt]>([])
    let logged = Mutex<[String]>([])
    private let segments: Int
    private let leftFilms: [String]
    private let hasInputs: Bool
    private let onAgent: (@Sendable (ChainAgent) async throws -> AgentResult)?
    private let onLead: @Sendable (JobSpec, @Sendable (AgentSign) -> Void) async throws -> AgentResult
    private let onDraw: @Sendable (PlannedSegment, String?) async throws -> Void
    private let hangsAtClip: Bool
    private let spoiledFilms: Int
    private let brokenNarrations: Set<String>
    /// The clips of the last film.
    let stitched = Mutex<[StitchClip]>([])
    /// The plan that the last film was checked by.
    let checked = Mutex<JobPlan?>(nil)
    private let verified = Atomic(0)

    /// - Parameters:
    ///   - segments: of each job.
    ///   - leftFilms: what lies in the lead's folder at the end.
    ///   - hasInputs: whether what the agents before the lead make is there already.
    ///   - onAgent: what they do; they do not run if absent.
    ///   - spoiledFilms: films that fail their check, from the first.
    ///   - brokenNarrations: segments whose narrations break what reads them.
    ///   - onDraw: gets the provider that was asked for.
    init(
        segments: Int = 2, leadError: ServiceError? = ServiceError(.quotaExhausted, "no credit"),
        hangsAtClip: Bool = false, leftFilms: [String] = [], hasInputs: Bool = false, spoiledFilms: Int = 0,
        brokenNarrations: Set<String> = [],
        onAgent: (@Sendable (ChainAgent) async throws -> AgentResult)? = nil,
        onLead: (@Sendable (JobSpec, @Sendable (AgentSign) -> Void) async throws -> AgentResult)? = nil,
        onDraw: @escaping @Sendable (PlannedSegment, String?) async throws -> Void = { _, _ in }
    ) {
        self.segments = segments
        self.leftFilms = leftFilms
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
    }

    private func note(_ call: String) { calls.withLock { $0.append(call) } }

    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool { onAgent != nil }
    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue { [:] }
    func hasInputs(of agent: ChainAgent, _ spec: JobSpec) async -> Bool { hasInputs }

    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue, _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult {
        note(agent.rawValue)
        hears(.sent)
        hears(.progress(ProgressReport(fraction: 0.5, message: "thinking")))
        return try await onAgent?(agent) ?? AgentResult()
    }

    func load(_ spec: JobSpec) async throws -> JobPlan { MachineScene.plan(segments, stitchBackend: .local) }

    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ wish: LeadWish?, key: String,
        _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult {
        note(wish.map { "lead \($0.segments.joined(separator: " ")) for \($0.cost.text)" } ?? "lead")
        hears(.sent)
        return try await onLead(spec, hears)
    }

    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String] { leftFilms }

    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm {
        .film(CheckedFilm(video: "file:///final.mp4", seconds: 29.8, warnings: []))
    }

    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadParts {
        var faults: [String: ServiceError] = [:]
        for segment in plan.segments where !clips.contains(where: { $0.segmentID == segment.id && $0.clip != nil }) {
            faults[segment.id] =
                clips.first { $0.segmentID == segment.id }?.error ?? ServiceError(.corruptMedia, "no clip")
        }
        return LeadParts(faults: faults)
    }

    func draw(
        _ segment: PlannedSegment, _ order: StillOrder, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage {
        if let refusal = provider.flatMap({ admit($0, spec.jobID) }) { throw refusal }
        note(segment.guidance == "g" ? "draw \(segment.id)" : "draw \(segment.id): \(segment.guidance)")
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
            provider: provider ?? "card", model: "m", cost: USD(0.02), attempts: 1, cached: false)
    }

    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage {
        note("adopt \(image)")
        return GeneratedImage(
            image: image, width: 1, height: 1, mediaType: "image/png", provider: "given", model: "", cost: .zero,
            attempts: 1, cached: false)
    }

    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip {
        let segment = plan.segments[index]
        note("clip \(segment.id)")
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

    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> Stitched {
        if reencodes { note("stitch again") }
        stitched.withLock { $0 = clips }
        guard clips.allSatisfy({ $0.audio == nil || !brokenNarrations.contains($0.segmentID) }) else {
            throw ServiceError(.corruptMedia, "two stitchers broke", providerCode: ServicePools.replicaBroken)
        }
        return MachineScene.film
    }
    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> CheckedFilm {
        checked.withLock { $0 = plan }
        if verified.add(1, ordering: .relaxed).newValue <= spoiledFilms {
            throw ServiceError(.corruptMedia, "the film does not decode")
        }
        return CheckedFilm(video: video, seconds: 30, warnings: [])
    }
    func imageProviders() async -> [String] { ["card", "acme"] }

    /// As `imagegen` has them.
    private let breakers = Mutex<[String: BreakerMachine]>([:])

    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView {
        change(provider) { machine in
            machine.apply(action, at: .now)
            return machine.view(of: BreakerView.imagePrefix + provider)
        }
    }

    private func admit(_ provider: String, _ job: String) -> ServiceError? {
        change(provider) { machine in
            machine.admit(job, at: .now) ? nil : machine.view(of: BreakerView.imagePrefix + provider).refusal
        }
    }

    private func change<T>(_ provider: String, _ body: (inout BreakerMachine) -> T) -> T {
        breakers.withLock { body(&$0[provider, default: BreakerMachine(at: .now)]) }
    }
    func write(_ receipt: Receipt, _ spec: JobSpec) async throws { receipts.withLock { $0.append(receipt) } }
    func log(_ type: String, _ data: JSONValue) { logged.withLock { $0.append(type) } }
}
