import Contracts
import Faults
import JSON

/// Everybody that a job gives work to. The real one calls the services; tests put an instant one in its place.
protocol Studio: Sendable {
    /// Whether an agent before the lead runs as a service, and was not made needless by what the job was started with.
    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool
    /// What an agent before the lead is given to work on; `null` for the one that writes it.
    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue
    /// - Throws: the agent's own failure, or `not_found` where its part is not at its place afterwards.
    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue, _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult
    /// Whether what the agent should make is at its place.
    func hasInputs(of agent: ChainAgent, _ spec: JobSpec) async -> Bool
    /// Looks at what a job names before it is stored.
    ///
    /// - Throws: `unauthorized` for an artifact that the caller may not name.
    func check(_ spec: JobSpec) throws(ServiceError)
    /// Reads the storyboard and finds the narrations.
    func load(_ spec: JobSpec) async throws -> JobPlan
    /// - Parameter wish: clips that are wanted; the whole film if `nil`.
    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ wish: LeadWish?, key: String,
        _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult
    /// The films in the lead's folder that are not the understudy's own.
    ///
    /// - Parameter since: only those written after this moment.
    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String]
    /// Checks the lead's film and writes it to its place as MP4; with `fallback: segments` keeps the good segments of a faulty film.
    ///
    /// - Throws: the fault of a film that cannot be used.
    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm
    /// Checks the lead's clips; `clips` of the result is empty.
    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadParts
    func draw(
        _ segment: PlannedSegment, _ order: StillOrder, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage
    /// Takes a picture that the user gave. -> it, at no cost.
    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage
    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip
    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio
    /// -> seconds of a segment's narration file, decoded.
    func narrationLength(_ segment: PlannedSegment) async throws -> Double
    /// - Parameter reencodes: whether no picture is copied: a film of copied pictures did not decode.
    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> Stitched
    /// Makes sure that the film decodes and is as long as promised, and stores what it measures beside it.
    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> CheckedFilm
    /// The image providers there are; none where nobody can tell.
    func imageProviders() async -> [String]
    /// Looks at the breaker of an image provider, or sets it by hand.
    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView
    func write(_ receipt: Receipt, _ spec: JobSpec) async throws
    /// Tells the log; never waits, never fails.
    func log(_ type: String, _ data: JSONValue)
}

extension Studio {
    func check(_ spec: JobSpec) throws(ServiceError) {}
}

/// A film that has passed its check.
struct CheckedFilm: Sendable {
    /// The artifact URI.
    var video: String
    /// Seconds of its pictures, as measured.
    var seconds: Double
    /// What it measures wrong, one sentence each.
    var warnings: [String]
}

/// The segments of what the lead delivered.
struct LeadParts: Sendable {
    /// The good segments of a film, cut out of it.
    var clips: [AgentClip] = []
    /// By segment.
    var faults: [String: ServiceError] = [:]
    var warnings: [String] = []
}

/// What can be used of the lead's film.
enum LeadFilm: Sendable {
    case film(CheckedFilm)
    case parts(LeadParts)
}

/// Clips that the lead is asked for, and what they may cost.
struct LeadWish: Sendable {
    var segments: [String]
    var cost: USD
}

/// Which of a segment's orders of a still a call makes: the same one is not paid for twice.
struct StillOrder: Sendable {
    /// How often the still was to be made anew.
    var edition = 0
    /// How often every attempt at it failed.
    var series = 0
    /// As the last failure's `next_attempt` said.
    var attempt = 0
    /// What is reserved for it; `nil` in a job without a limit.
    var maxCost: USD?
}
