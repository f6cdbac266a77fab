import Contracts
import Faults

/// The understudy's part of a job: its segments over all runs, from the still to the narrated clip. Pure.
struct UnderstudyMachine: Sendable {
    /// What the understudy works for.
    enum Mode: Sendable {
        /// The film: the lead has failed.
        case film
        /// The narrations of clips whose film is being made: who stitches it may have found out first that one cannot be used.
        case narrations
        /// Stills that may be needed: the lead takes long.
        case hedge
    }

    let options: JobOptions
    /// What the job works on; `nil` until the storyboard is read.
    private(set) var plan: JobPlan?
    private(set) var segments: [SegmentRecord] = []
    /// What is still to be done of them.
    private(set) var tally = SegmentTally()
    /// Whether the understudy has, or had, a part in the film.
    private(set) var hasBegun = false

    init(_ options: JobOptions) { self.options = options }

    // MARK: - State

    /// Stills and clips done, of all steps; the stitching is yet to come.
    var progress: Progress { progress(isStitched: false) }

    /// Stills, clips and the stitching done, of all steps.
    func progress(isStitched: Bool) -> Progress {
        Progress(done: tally.steps + (isStitched ? 1 : 0), total: segments.isEmpty ? 0 : segments.count * 2 + 1)
    }

    /// Whether the film can be stitched. A film that is stitched on this machine does not wait for the narrations of its clips: it is made
    /// of their pictures and of the narrations themselves. MediaConvert's ledger tells films apart by their clips, which have to stay as
    /// they are.
    var isReadyForFilm: Bool { plan?.stitchBackend == .local ? tally.hasAllClips : tally.isEmpty }

    /// Narrations that could not be used.
    var lostNarrations: Int { segments.count { $0.narration == .failed } }

    /// Whether a still of the segment is yet to be made.
    func lacksStill(_ index: Int) -> Bool { segments.indices.contains(index) && segments[index].still == nil }

    // MARK: - Turns

    mutating func load(_ plan: JobPlan) {
        self.plan = plan
        segments = plan.segments.map(SegmentRecord.init)
        tally = SegmentTally(segments)
    }

    /// Begins with what the film lacks.
    mutating func begin(_ record: inout JobRecord) {
        hasBegun = true
        useSpares()
        let count = tally.undrawn.count + tally.inHand.count
        record.say(.understudy, .starting, "Agent6 makes \(count) of \(segments.count) segments", progress: progress)
    }

    /// What was prepared, and not needed then, is needed now.
    private mutating func useSpares() {
        guard segments.contains(where: { $0.spare != nil }) else { return }
        changeAll { segment in
            guard let spare = segment.spare, segment.still == nil, segment.clip == nil else { return }
            segment.still = spare
            segment.maker = .understudy
            segment.isReused = true
            segment.spare = nil
        }
    }

    /// The lead has made the film as a whole.
    mutating func giveWay() { changeAll { $0.giveWay(to: $0.clip) } }

    /// The lead has made the clips of some segments.
    mutating func giveWay(to clips: [String: String?]) {
        changeAll { segment in if let clip = clips[segment.id] { segment.giveWay(to: clip) } }
    }

    /// The job runs again: what is chosen is to be made anew.
    mutating func retry(_ selection: RetrySelection) {
        changeAll { segment in
            let isChosen =
                switch selection {
                case .failed: segment.clip == nil
                case .all: true
                case .segments(let ids): ids.contains(segment.id)
                }
            isChosen ? segment.reset() : segment.keep()
        }
    }

    /// The job runs again for other clips of the lead.
    mutating func keepAll() { changeAll { $0.keep() } }

    /// What the user changed holds from the next time on that a segment is made.
    mutating func edit(_ edits: [String: SegmentEdit]) {
        changeAll { segment in
            guard let edit = edits[segment.id] else { return }
            segment.guidance = edit.prompt ?? segment.guidance
            segment.given = edit.image
            segment.spare = nil
        }
    }

    /// Puts all segments back.
    mutating func restore(_ segments: [SegmentRecord]) {
        self.segments = segments
        tally = SegmentTally(segments)
    }

    /// Changes one segment, and what is to be done with it.
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

    /// Takes the end of a piece of its work. What comes twice, or for a segment that there is not, changes nothing.
    ///
    /// - Returns: why the understudy has failed; `nil` while it has not.
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
            say("made the clip of \(segments[index].id)", index, &record)
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
            say("narrated \(segments[index].id)", index, &record)
            warnOfCut(index, trimmed, by: .understudy, &record)
        case .narrationFailed(let index, let error, let startedAt) where segments.indices.contains(index):
            guard segments[index].narration == .pending else { break }
            change(index) { $0.narration = .failed }
            var entry = entry(.narration, index, startedAt, .narration)
            entry.error = error
            record.book(entry)
            let warning = "\(segments[index].id): \(error.message); this part of the film is silent"
            mode == .narrations ? record.warnOnce([warning]) : record.warn(warning)
            say("warning: \(warning)", index, &record)
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
        say("drew the still of \(segments[index].id)", index, &record)
    }

    /// Continues if `imagegen` has something left to try; else a card, if the user allows it; else the understudy has failed.
    private mutating func stillFailed(_ index: Int, _ error: ServiceError, _ mode: Mode, _ record: inout JobRecord)
        -> ServiceError?
    {
        if let next = error.nextAttempt {
            change(index) { $0.stillAttempts = next }
            sayRetry(index, error, &record)
            return nil
        }
        change(index) { segment in
            segment.stillAttempts = 0
            // A later try is an order of its own.
            segment.series += 1
        }
        guard mode == .hedge else { return giveUpStill(index, error, &record) }
        // A still that cannot be prepared is no failure yet.
        change(index) { $0.isSpareGivenUp = true }
        return nil
    }

    /// The rule of journals with `imageFailed`: one retry.
    private mutating func imageFailed(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) -> ServiceError? {
        change(index) { $0.stillAttempts += 1 }
        guard segments[index].stillAttempts < 2, !Self.isHopeless(error) else {
            return giveUpStill(index, error, &record)
        }
        sayRetry(index, error, &record)
        return nil
    }

    /// The rule of journals with `imageFailed`: a still that cannot be prepared is no failure yet.
    private mutating func hedgeFailed(_ index: Int, _ error: ServiceError) -> ServiceError? {
        change(index) { segment in
            segment.stillAttempts = Self.isHopeless(error) ? 2 : segment.stillAttempts + 1
            segment.isSpareGivenUp = segment.stillAttempts >= 2
        }
        return nil
    }

    private mutating func giveUpStill(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) -> ServiceError? {
        let id = segments[index].id
        guard options.onImageFailure == .card, !segments[index].takesCard else {
            change(index) { $0.error = error }
            return named(error, index)
        }
        change(index) { $0.takesCard = true }
        record.warn("\(id): \(error.message); a card takes the still's place")
        say("a card takes the place of the still of \(id)", index, &record)
        return nil
    }

    /// Whether trying again cannot help.
    private static func isHopeless(_ error: ServiceError) -> Bool {
        switch error.kind {
        case .quotaExhausted, .contentRejected, .unauthorized, .invalidParams: true
        case .unavailable: !error.retryable
        default: false
        }
    }

    private func named(_ error: ServiceError, _ index: Int) -> ServiceError {
        var error = error
        error.message = "\(segments[index].id): \(error.message)"
        return error
    }

    // MARK: - Stopped calls

    /// Books what the stopped call of a still reports; what it may have cost where its reply did not come.
    func stopped(
        _ index: Int, provider: String?, _ error: ServiceError, startedAt: Timestamp, _ mode: Mode,
        _ record: inout JobRecord
    ) {
        var entry = LedgerEntry(.understudy, .still, segmentID: segments[index].id, startedAt: startedAt, failed: error)
        if error.isUnsettled { entry.unknown = max(entry.unknown, stillPrice(provider)) }
        guard entry.wasted + entry.unknown > .zero else { return }
        if mode == .hedge { entry.hedge = entry.wasted + entry.unknown }
        record.book(entry)
    }

    /// A still that was made although it was to be stopped is paid for; it is stored for a retry.
    mutating func drawnTooLate(
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

    private func say(_ message: String, _ index: Int, _ record: inout JobRecord) {
        record.say(.understudy, .processing, message, segmentID: segments[index].id, progress: progress)
    }

    private func sayRetry(_ index: Int, _ error: ServiceError, _ record: inout JobRecord) {
        say("the still of \(segments[index].id) failed (\(error.message)), trying once more", index, &record)
    }

    /// A narration that is longer than its segment loses its end.
    ///
    /// - Parameters:
    ///   - trimmed: seconds; `nil` for none.
    ///   - actor: who says so.
    func warnOfCut(_ index: Int, _ trimmed: Double?, by actor: Agent, _ record: inout JobRecord) {
        guard let trimmed, trimmed >= NarrationFit.tolerance, plan?.segments.continuesNarration(after: index) != true
        else { return }
        let id = segments[index].id
        let seconds = (trimmed * 10).rounded(.up) / 10
        let warning = "\(id): the narration is \(seconds) s longer than its segment; its end is cut"
        guard !record.warnings.contains(warning) else { return }
        record.warn(warning)
        record.say(actor, .processing, "warning: \(warning)", segmentID: id, progress: progress)
    }
}
