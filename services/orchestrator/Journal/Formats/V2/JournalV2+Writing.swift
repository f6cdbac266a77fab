// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JournalV2.Event {
    /// The stored form of an event.
    ///
    /// - Throws: `EncodingError` for a value without a stored name.
    init(_ event: JobEvent) throws {
        switch event {
        case .started: self.init(Tag.started)
        case .agentSkipped(let agent): try self.init(.agentSkipped, agent)
        case .agentBegun(let agent): try self.init(.agentStarted, agent)
        case .agentProgress(let agent, let fraction, let message):
            try self.init(.agentProgress, agent)
            (self.fraction, self.message) = (fraction, message)
        case .agentDone(let agent, let result, let startedAt):
            try self.init(.agentFinished, agent)
            delivery = try JournalV2.Delivery(result)
            self.startedAt = startedAt.milliseconds
        case .agentFailed(let agent, let error, let inputsExist, let startedAt):
            try self.init(.agentFailed, agent)
            fault = try JournalV2.Fault(error)
            (self.inputsExist, self.startedAt) = (inputsExist, startedAt.milliseconds)
        case .loaded(let plan):
            self.init(.loaded)
            self.plan = JournalV2.Plan(plan)
        case .loadFailed(let error): try self.init(.loadFailed, error)
        case .leadProgress(let fraction, let message):
            self.init(.leadProgress)
            (self.fraction, self.message) = (fraction, message)
        case .leadDelivered(let result, let startedAt):
            self.init(.leadDelivered)
            delivery = try JournalV2.Delivery(result)
            self.startedAt = startedAt.milliseconds
        case .leadFailed(let error, let startedAt): try self.init(.leadFailed, error, startedAt)
        case .leadBarred(let error): try self.init(.leadBarred, error)
        case .leadLate(let result):
            self.init(.leadLate)
            delivery = try JournalV2.Delivery(result)
        case .leadFilmAccepted(let video, let startedAt, let seconds, let warnings):
            self.init(.leadFilmAccepted)
            (self.video, self.startedAt) = (video, startedAt.milliseconds)
            (self.seconds, self.warnings) = (seconds, warnings)
        case .leadFilmCut(let clips, let bad, let warnings, let startedAt):
            self.init(.leadFilmCut)
            self.clips = try clips.map(JournalV2.LeadClip.init)
            faults = try bad.mapValues(JournalV2.Fault.init)
            (self.warnings, self.startedAt) = (warnings, startedAt.milliseconds)
        case .leadClipsChecked(let good, let bad, let startedAt, let warnings):
            self.init(.leadClipsChecked)
            faults = try bad.mapValues(JournalV2.Fault.init)
            (segments, self.warnings, self.startedAt) = (good, warnings, startedAt.milliseconds)
        case .imageMade(let segment, let image, let startedAt):
            self.init(.stillDrawn)
            still = JournalV2.Still(image)
            (self.segment, self.startedAt) = (segment, startedAt.milliseconds)
        case .imageFailed(let segment, let error, let startedAt):
            try self.init(.stillRepeated, error, startedAt, segment: segment)
        case .stillFailed(let segment, let error, let startedAt):
            try self.init(.stillFailed, error, startedAt, segment: segment)
        case .stopped(let segment, let error, let startedAt):
            try self.init(.callStopped, error, startedAt, segment: segment)
        case .clipMade(let segment, let clip, let startedAt):
            self.init(.clipCreated)
            self.clip = JournalV2.Clip(clip)
            (self.segment, self.startedAt) = (segment, startedAt.milliseconds)
        case .clipFailed(let segment, let error, let startedAt):
            try self.init(.clipFailed, error, startedAt, segment: segment)
        case .narrated(let segment, let startedAt, let trimmed):
            self.init(.narrationAdded)
            (self.segment, self.startedAt, self.trimmed) = (segment, startedAt.milliseconds, trimmed)
        case .narrationFailed(let segment, let error, let startedAt):
            try self.init(.narrationFailed, error, startedAt, segment: segment)
        case .stitched(let film, let startedAt, let trimmed):
            self.init(.filmStitched)
            self.film = try JournalV2.Film(film)
            (self.startedAt, trimmedSegments) = (startedAt.milliseconds, trimmed)
        case .stitchFailed(let error, let startedAt): try self.init(.stitchFailed, error, startedAt)
        case .filmVerified(let warnings, let startedAt, let seconds):
            self.init(.filmVerified)
            (self.warnings, self.startedAt, self.seconds) = (warnings, startedAt.milliseconds, seconds)
        case .filmRejected(let error, let startedAt): try self.init(.filmRejected, error, startedAt)
        case .filmSpoiled(let error, let startedAt): try self.init(.filmSpoiled, error, startedAt)
        case .storeAway(let error): try self.init(.storeUnavailable, error)
        case .storeBack: self.init(.storeAvailable)
        case .cancelled: self.init(Tag.cancelled)
        case .retried(let selection):
            self.init(.retryRequested)
            switch selection {
            case .failed: self.selection = "failed"
            case .all: self.selection = "all"
            case .segments(let ids): segments = ids
            }
        case .edited(let edits):
            self.init(.segmentsEdited)
            self.edits = edits.mapValues(JournalV2.Edit.init)
        case .hedged: self.init(.hedgeStarted)
        case .upgradeAsked(let segments, let cost):
            self.init(.upgradeRequested)
            (self.segments, costMicros) = (segments, cost.micros)
        case .settled(let warning):
            self.init(.settled)
            message = warning
        }
    }

    private init(_ tag: Tag, _ agent: ChainAgent) throws {
        self.init(tag)
        self.agent = try StoredNames.agents.name(of: agent)
    }

    private init(
        _ tag: Tag, _ error: ServiceError, _ startedAt: Timestamp? = nil, segment: Int? = nil
    ) throws {
        self.init(tag)
        fault = try JournalV2.Fault(error)
        self.startedAt = startedAt?.milliseconds
        self.segment = segment
    }
}
