// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The understudy's part of a job: its segments over all runs, from the still to the narrated clip. Pure.
struct UnderstudyMachine: Sendable {
    /// The purpose of the understudy's current work.
    enum Mode: Sendable {
        /// Making the film after the takeover.
        case film
        /// Adding narrations to clips whose film is already being stitched. The stitcher may report an unusable narration first.
        case narrations
        /// Preparing stills speculatively while the lead is working.
        case hedge
    }

    let options: JobOptions
    /// The job's plan; `nil` until the storyboard is read.
    private(set) var plan: JobPlan?
    private(set) var segments: [SegmentRecord] = []
    /// The remaining work on the segments.
    private(set) var tally = SegmentTally()
    /// Whether the takeover has happened in this job.
    private(set) var hasBegun = false

    init(_ options: JobOptions) { self.options = options }

    // MARK: - State

    /// Finished steps of all steps, before the stitching.
    var progress: Progress { progress(isStitched: false) }

    /// Finished steps of all steps: stills, clips and the stitching.
    func progress(isStitched: Bool) -> Progress {
        Progress(done: tally.steps + (isStitched ? 1 : 0), total: segments.isEmpty ? 0 : segments.count * 2 + 1)
    }

    /// Whether the film can be stitched. Local stitching does not wait for the narrations of the clips, because it uses the clips' video
    /// and the narration files. MediaConvert needs the narrated clips: its job ledger identifies films by their clips.
    var canStitch: Bool { plan?.stitchBackend == .local ? tally.hasAllClips : tally.isEmpty }

    /// The number of narrations that could not be used.
    var failedNarrations: Int { segments.count { $0.narration == .failed } }

    /// Whether the segment exists and has no still.
    func lacksStill(_ index: Int) -> Bool { segments.indices.contains(index) && segments[index].still == nil }

    // MARK: - Runs

    /// Sets the plan and creates its segments.
    mutating func load(_ plan: JobPlan) {
        self.plan = plan
        segments = plan.segments.map(SegmentRecord.init)
        tally = SegmentTally(segments)
    }

    /// Starts making the segments that the film lacks.
    mutating func begin(_ record: inout JobRecord) {
        hasBegun = true
        useSpareStills()
        let count = tally.withoutStill.count + tally.inProgress.count
        record.post(.understudy, .starting, "Agent6 makes \(count) of \(segments.count) segments", progress: progress)
    }

    /// Uses prepared stills for segments that have neither a still nor a clip.
    private mutating func useSpareStills() {
        guard segments.contains(where: { $0.spare != nil }) else { return }
        changeAll { segment in
            guard let spare = segment.spare, segment.still == nil, segment.clip == nil else { return }
            segment.still = spare
            segment.maker = .understudy
            segment.isReused = true
            segment.spare = nil
        }
    }

    /// Marks all segments as made by the lead, which made the film as a whole.
    mutating func useLeadFilm() { changeAll { $0.useLeadClip($0.clip) } }

    /// Uses clips of the lead.
    ///
    /// - Parameter clips: artifact URIs by segment id.
    mutating func useLeadClips(_ clips: [String: String?]) {
        changeAll { segment in if let clip = clips[segment.id] { segment.useLeadClip(clip) } }
    }

    /// Prepares a retry: resets the selected segments and reuses the others.
    mutating func retry(_ selection: RetrySelection) {
        changeAll { segment in
            let isChosen =
                switch selection {
                case .failed: segment.clip == nil
                case .all: true
                case .segments(let ids): ids.contains(segment.id)
                }
            isChosen ? segment.reset() : segment.reuse()
        }
    }

    /// Prepares an upgrade: reuses all segments.
    mutating func reuseAll() { changeAll { $0.reuse() } }

    /// Applies the user's edits, by segment id. They take effect when a segment is made again.
    mutating func edit(_ edits: [String: SegmentEdit]) {
        changeAll { segment in
            guard let edit = edits[segment.id] else { return }
            segment.guidance = edit.prompt ?? segment.guidance
            segment.userImage = edit.image
            segment.spare = nil
        }
    }

    /// Restores the segments of before an upgrade.
    mutating func restore(_ segments: [SegmentRecord]) {
        self.segments = segments
        tally = SegmentTally(segments)
    }

    /// Changes one segment and updates the tally.
    private mutating func change(_ index: Int, _ body: (inout SegmentRecord) -> Void) {
        let old = segments[index]
        body(&segments[index])
        tally.change(index, from: old, to: segments[index])
    }

    private mutating func changeAll(_ body: (inout SegmentRecord) -> Void) {
        for index in segments.indices { body(&segments[index]) }
        tally = SegmentTally(segments)
    }

    // MARK: - Events

    /// Applies an event that ends a piece of work. Repeated events, and events of unknown segments, change nothing.
    ///
    /// - Returns: the error with which the understudy fails; `nil` if it continues.
    mutating func apply(_ event: JobEvent, _ mode: Mode, _ record: inout JobRecord) -> ServiceError? {
        switch event {
        case .imageMade(let index, let image, let startedAt) where lacksStill(index):
            drawn(index, image, mode, startedAt: startedAt, &record)
        case .imageFailed(let index, let error, let startedAt) where lacksStill(index):
            var entry = entry(.still, index, startedAt, .stills)
            entry.error = error
            record.book(entry)
            return mode == .hedge ? hedgeFailed(index, error) : imageFailed(index, error, &record)
        case .stillFailed(let index, let error, let startedAt) where lacksStill(index):
            var entry = LedgerEntry(
                .understudy, .still, segmentID: segments[index].id, startedAt: startedAt, stage: .stills, failed: error)
            if mode == .hedge { entry.hedge = entry.wasted + entry.unknown }
            record.book(entry)
            return stillFailed(index, error, mode, &record)
        case _ where mode == .hedge: break
        case .clipMade(let index, let clip, let startedAt) where segments.indices.contains(index):
            guard segments[index].clip == nil else { break }
            change(index) { $0.clip = clip.clip }
            var entry = entry(.clip, index, startedAt, .clips)
            entry.cost = clip.cost
            record.book(entry)
            record.warn((clip.warnings ?? []).map { "\(segments[index].id): \($0)" })
            post("made the clip of \(segments[index].id)", index, &record)
        case .clipFailed(let index, let error, let startedAt) where segments.indices.contains(index):
            guard segments[index].clip == nil else { break }
            change(index) { $0.error = error }
            var entry = entry(.clip, index, startedAt, nil)
            entry.error = error
            record.book(entry)
            return named(error, index)
        case .narrated(let index, let startedAt, let trimmed) where segments.indices.contains(index):
            guard segments[index].narration == .pending else { break }
            change(index) { $0.narration = .done }
            record.book(entry(.narration, index, startedAt, .narration))
            post("narrated \(segments[index].id)", index, &record)
            warnAboutTrimming(index, trimmed, by: .understudy, &record)
        case .narrationFailed(let index, let error, let startedAt) where segments.indices.contains(index):
            guard segments[index].narration == .pending else { break }
            change(index) { $0.narration = .failed }
            var entry = entry(.narration, index, startedAt, .narration)
            entry.error = error
            record.book(entry)
            let warning = "\(segments[index].id): \(error.message); this part of the film is silent"
            mode == .narrations ? record.warnOnce([warning]) : record.warn(warning)
            post("warning: \(warning)", index, &record)
        default: break
        }
        return nil
    }

    private mutating func drawn(
        _ index: Int, _ image: GeneratedImage, _ mode: Mode, startedAt: Timestamp, _ record: inout JobRecord
    ) {
        change(index) { segment in
            segment.still = image
            segment.maker = .understudy
            segment.error = nil
        }
        var entry = entry(of: image, index, startedAt, .stills)
        if mode == .hedge { entry.hedge = entry.cost + entry.wasted + entry.unknown }
        entry.saved = image.saved ?? .zero
        record.book(entry)
        record.warn((image.warnings ?? []).map { "\(segments[index].id): \($0)" })
        post("drew the still of \(segments[index].id)", index, &record)
    }

    /// Tries again if `imagegen` offers another attempt; else uses a card if `on_image_failure` allows it; else fails.
    private mutating func stillFailed(_ index: Int, _ error: ServiceError, _ mode: Mode, _ record: inout JobRecord)
        -> ServiceError?
    {
        if let next = error.nextAttempt {
            change(index) { $0.stillAttempts = next }
            postRetry(index, error, &record)
            return nil
        }
        change(index) { segment in
            segment.stillAttempts = 0
            // A later attempt is a new order.
            segment.series += 1
        }
        guard mode == .hedge else { return giveUpStill(index, error, &record) }
        // A speculative still that fails is not a failure of the understudy.
        change(index) { $0.hasSpeculativeStillFailed = true }
        return nil
    }

    /// Handles `imageFailed` of older journals: one retry.
    private mutating func imageFailed(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) -> ServiceError? {
        change(index) { $0.stillAttempts += 1 }
        guard segments[index].stillAttempts < 2, !Self.isPermanent(error) else {
            return giveUpStill(index, error, &record)
        }
        postRetry(index, error, &record)
        return nil
    }

    /// Handles `imageFailed` of older journals during a hedge: one retry, and no failure.
    private mutating func hedgeFailed(_ index: Int, _ error: ServiceError) -> ServiceError? {
        change(index) { segment in
            segment.stillAttempts = Self.isPermanent(error) ? 2 : segment.stillAttempts + 1
            segment.hasSpeculativeStillFailed = segment.stillAttempts >= 2
        }
        return nil
    }

    private mutating func giveUpStill(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) -> ServiceError? {
        let id = segments[index].id
        guard options.onImageFailure == .card, !segments[index].usesCard else {
            change(index) { $0.error = error }
            return named(error, index)
        }
        change(index) { $0.usesCard = true }
        record.warn("\(id): \(error.message); a card is used instead")
        post("a card is used for the still of \(id)", index, &record)
        return nil
    }

    /// Whether a retry cannot succeed.
    private static func isPermanent(_ error: ServiceError) -> Bool {
        switch error.kind {
        case .quotaExhausted, .contentRejected, .unauthorized, .invalidParams: true
        case .unavailable: !error.retryable
        default: false
        }
    }

    /// The error with the segment's id before its message.
    private func named(_ error: ServiceError, _ index: Int) -> ServiceError {
        var error = error
        error.message = "\(segments[index].id): \(error.message)"
        return error
    }

    // MARK: - Stopped calls

    /// Books the cost that the stopped call of a still reports, or its possible cost if no reply arrived.
    func settleStoppedCall(
        _ index: Int, provider: String?, _ error: ServiceError, startedAt: Timestamp, _ mode: Mode,
        _ record: inout JobRecord
    ) {
        var entry = LedgerEntry(.understudy, .still, segmentID: segments[index].id, startedAt: startedAt, failed: error)
        if error.isUnsettled { entry.unknown = max(entry.unknown, stillPrice(provider)) }
        guard entry.wasted + entry.unknown > .zero else { return }
        if mode == .hedge { entry.hedge = entry.wasted + entry.unknown }
        record.book(entry)
    }

    /// Books a still that was finished although its call was stopped, and keeps it for a retry.
    mutating func recordLateStill(
        _ index: Int, _ image: GeneratedImage, startedAt: Timestamp, isHedged: Bool, _ record: inout JobRecord
    ) {
        change(index) { segment in
            guard segment.maker != .lead else {
                segment.spare = image
                return
            }
            segment.still = image
            segment.maker = .understudy
        }
        var entry = entry(of: image, index, startedAt, nil)
        if isHedged { entry.hedge = image.cost }
        record.book(entry)
    }

    // MARK: - Entries and messages

    private func entry(_ kind: AttemptKind, _ index: Int, _ startedAt: Timestamp, _ stage: JobStage?) -> LedgerEntry {
        LedgerEntry(.understudy, kind, segmentID: segments[index].id, startedAt: startedAt, stage: stage)
    }

    private func entry(of image: GeneratedImage, _ index: Int, _ startedAt: Timestamp, _ stage: JobStage?)
        -> LedgerEntry
    {
        var entry = entry(.still, index, startedAt, stage)
        entry.cost = image.cost
        entry.wasted = image.wasted ?? .zero
        entry.unknown = image.unknown ?? .zero
        return entry
    }

    private func post(_ message: String, _ index: Int, _ record: inout JobRecord) {
        record.post(.understudy, .processing, message, segmentID: segments[index].id, progress: progress)
    }

    private func postRetry(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) {
        post("the still of \(segments[index].id) failed (\(error.message)), retrying", index, &record)
    }

    /// Warns that the end of a narration was cut because it is longer than its segment.
    ///
    /// - Parameters:
    ///   - index: the index of the segment.
    ///   - trimmed: the seconds that were cut; `nil` for none.
    ///   - agent: the agent of the status message.
    func warnAboutTrimming(_ index: Int, _ trimmed: Double?, by agent: Agent, _ record: inout JobRecord) {
        guard let trimmed, trimmed >= NarrationFit.tolerance, plan?.segments.continuesNarration(after: index) != true
        else { return }
        let id = segments[index].id
        let seconds = (trimmed * 10).rounded(.up) / 10
        let warning = "\(id): the narration is \(seconds) s longer than its segment; its end is cut"
        guard !record.warnings.contains(warning) else { return }
        record.warn(warning)
        record.post(agent, .processing, "warning: \(warning)", segmentID: id, progress: progress)
    }
}
