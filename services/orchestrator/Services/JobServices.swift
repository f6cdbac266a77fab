// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

/// Everything that a job delegates work to. `RemoteJobServices` calls the services; tests replace it.
protocol JobServices: Sendable {
    // MARK: - Agents before the lead

    /// Whether an agent before the lead must be called: it runs as a service, and the job was not started with its output.
    func needs(_ agent: ChainAgent, _ spec: JobSpec) async -> Bool
    /// The storyboard to send to an agent before the lead; `null` for Agent2, which writes it.
    func storyboard(for agent: ChainAgent, _ spec: JobSpec) async throws -> JSONValue
    /// Calls an agent before the lead.
    ///
    /// - Parameter onActivity: receives the agent's signs of life.
    /// - Throws: the agent's error, or `not_found` if its output does not exist after the call.
    func call(
        _ agent: ChainAgent, _ spec: JobSpec, storyboard: JSONValue,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult
    /// Whether the output of an agent before the lead exists.
    func hasInputs(of agent: ChainAgent, _ spec: JobSpec) async -> Bool

    // MARK: - Inputs

    /// Checks the artifacts that a job's parameters name, before the job is stored.
    ///
    /// - Throws: `unauthorized` for an artifact that the caller may not use.
    func check(_ spec: JobSpec) throws(ServiceError)
    /// Reads the storyboard and finds the narrations.
    func load(_ spec: JobSpec) async throws -> JobPlan

    // MARK: - The lead

    /// Calls the lead.
    ///
    /// - Parameters:
    ///   - request: the requested clips; `nil` for the whole film.
    ///   - key: the idempotency key of the call.
    ///   - isRepeated: whether the call repeats one whose reply was lost with the lead's process, and so waits until it is restarted.
    ///   - onActivity: receives the lead's signs of life.
    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ request: LeadClipRequest?, key: String, isRepeated: Bool,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult
    /// Lists the films in the lead's output folder that the job did not write itself.
    ///
    /// - Parameter since: the earliest modification time.
    /// - Returns: artifact URIs.
    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String]
    /// Checks the lead's film and stores it as the job's film, as MP4. With `fallback: segments`, cuts the good segments out of a faulty
    /// film.
    ///
    /// - Throws: the fault of a film that cannot be used.
    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm
    /// Checks the lead's clips. `clips` of the result is empty.
    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadSegments

    // MARK: - The understudy

    /// Draws a still.
    ///
    /// - Parameter provider: the name of the provider; the configured chain if `nil`.
    func draw(
        _ segment: PlannedSegment, _ order: StillOrder, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage
    /// Uses an image supplied by the user as a still.
    ///
    /// - Parameter image: a URI in the store, or a path in the session's folder.
    /// - Returns: the image, without cost.
    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage
    /// Makes the clip of a segment from its still.
    ///
    /// - Parameter image: the artifact URI of the still.
    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip
    /// Adds a segment's narration to its clip.
    ///
    /// - Parameter clip: the artifact URI of the clip, which is replaced.
    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio
    /// Measures a narration file.
    ///
    /// - Returns: its decoded duration in seconds; 0 for a segment without a narration.
    func narrationLength(_ segment: PlannedSegment) async throws -> Double

    // MARK: - The film

    /// Stitches the film.
    ///
    /// - Parameter reencodes: whether all frames are encoded, because a film with copied frames failed its check.
    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> StitchedFilm
    /// Checks that the film decodes and has the planned duration, and stores its measurements next to it.
    ///
    /// - Throws: `corrupt_media` with the first deviation.
    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> VerifiedFilm

    // MARK: - Operations

    /// The names of the configured image providers; empty if `imagegen` does not answer.
    func imageProviders() async -> [String]
    /// Reads or changes the breaker of an image provider.
    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView
    /// Stores the job's receipt.
    func write(_ receipt: Receipt, _ spec: JobSpec) async throws
    /// Sends an event to the log service. Never waits and never fails.
    func log(_ type: String, _ data: JSONValue)
}

extension JobServices {
    func check(_ spec: JobSpec) throws(ServiceError) {}
}
