// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// Truncates texts of agents and providers before they are stored in the journal.
extension JobEvent {
    /// The event with all external texts truncated to `TextBound`.
    var bounded: JobEvent {
        switch self {
        case .agentProgress(let agent, let fraction, let message):
            .agentProgress(agent, fraction: fraction, message: message.bounded(to: TextBound.message))
        case .agentDone(let agent, let result, let startedAt):
            .agentDone(agent, result.bounded, startedAt: startedAt)
        case .agentFailed(let agent, let error, let inputsExist, let startedAt):
            .agentFailed(agent, error.bounded, inputsExist: inputsExist, startedAt: startedAt)
        case .loadFailed(let error): .loadFailed(error.bounded)
        case .leadProgress(let fraction, let message):
            .leadProgress(fraction: fraction, message: message.bounded(to: TextBound.message))
        case .leadDelivered(let result, let startedAt): .leadDelivered(result.bounded, startedAt: startedAt)
        case .leadFailed(let error, let startedAt): .leadFailed(error.bounded, startedAt: startedAt)
        case .leadBarred(let error): .leadBarred(error.bounded)
        case .leadLate(let result): .leadLate(result.bounded)
        case .leadFilmAccepted(let video, let startedAt, let seconds, let warnings):
            .leadFilmAccepted(video: video, startedAt: startedAt, seconds: seconds, warnings: warnings?.bounded)
        case .leadFilmCut(let clips, let bad, let warnings, let startedAt):
            .leadFilmCut(
                clips: clips.map(\.bounded), bad: bad.mapValues(\.bounded), warnings: warnings.bounded,
                startedAt: startedAt)
        case .leadClipsChecked(let good, let bad, let startedAt, let warnings):
            .leadClipsChecked(
                good: good, bad: bad.mapValues(\.bounded), startedAt: startedAt, warnings: warnings?.bounded)
        case .loaded(let plan): .loaded(plan.bounded)
        case .imageMade(let segment, let image, let startedAt):
            .imageMade(segment: segment, image: image.bounded, startedAt: startedAt)
        case .clipMade(let segment, let clip, let startedAt):
            .clipMade(segment: segment, clip: clip.bounded, startedAt: startedAt)
        case .stitched(let film, let startedAt, let trimmed):
            .stitched(film.bounded, startedAt: startedAt, trimmed: trimmed)
        case .imageFailed(let segment, let error, let startedAt):
            .imageFailed(segment: segment, error.bounded, startedAt: startedAt)
        case .stillFailed(let segment, let error, let startedAt):
            .stillFailed(segment: segment, error.bounded, startedAt: startedAt)
        case .stopped(let segment, let error, let startedAt):
            .stopped(segment: segment, error.bounded, startedAt: startedAt)
        case .clipFailed(let segment, let error, let startedAt):
            .clipFailed(segment: segment, error.bounded, startedAt: startedAt)
        case .narrationFailed(let segment, let error, let startedAt):
            .narrationFailed(segment: segment, error.bounded, startedAt: startedAt)
        case .stitchFailed(let error, let startedAt): .stitchFailed(error.bounded, startedAt: startedAt)
        case .filmVerified(let warnings, let startedAt, let seconds):
            .filmVerified(warnings: warnings?.bounded, startedAt: startedAt, seconds: seconds)
        case .filmSpoiled(let error, let startedAt): .filmSpoiled(error.bounded, startedAt: startedAt)
        case .filmRejected(let error, let startedAt): .filmRejected(error.bounded, startedAt: startedAt)
        case .storeAway(let error): .storeAway(error.bounded)
        case .settled(let warning): .settled(warning: warning?.bounded(to: TextBound.message))
        default: self
        }
    }
}

extension AgentResult {
    fileprivate var bounded: AgentResult {
        var result = self
        result.jobID = jobID?.bounded(to: TextBound.quotation)
        result.clips = clips.map(\.bounded)
        result.warnings = warnings?.bounded
        return result
    }
}

extension JobPlan {
    fileprivate var bounded: JobPlan {
        var plan = self
        plan.warnings = warnings.map { $0.bounded(to: TextBound.message) }
        return plan
    }
}

extension GeneratedImage {
    /// The image with its texts truncated. `image` is not truncated: a URI that is too long is an error (`AgentResultCheck`).
    var bounded: GeneratedImage {
        var image = self
        image.mediaType = mediaType.bounded(to: TextBound.quotation)
        image.provider = provider.bounded(to: TextBound.quotation)
        image.model = model.bounded(to: TextBound.quotation)
        image.warnings = warnings?.bounded
        return image
    }
}

extension CreatedClip {
    fileprivate var bounded: CreatedClip {
        var clip = self
        clip.warnings = warnings?.bounded
        return clip
    }
}

extension StitchedFilm {
    /// The maximum length of each list: one entry for each segment.
    private static var maximumCount: Int { 1000 }

    fileprivate var bounded: StitchedFilm {
        var film = self
        film.jobID = jobID?.bounded(to: TextBound.quotation)
        film.captions = captions.map { Array($0.prefix(10)) }
        film.warnings = warnings?.prefix(Self.maximumCount).map { $0.bounded(to: TextBound.message) }
        film.chapters = chapters.prefix(Self.maximumCount).map { chapter in
            var chapter = chapter
            chapter.title = chapter.title.bounded(to: TextBound.quotation)
            return chapter
        }
        film.clips = clips?.prefix(Self.maximumCount).map { clip in
            var clip = clip
            clip.segmentID = clip.segmentID.bounded(to: TextBound.quotation)
            clip.reason = clip.reason?.bounded(to: TextBound.message)
            return clip
        }
        return film
    }
}

extension AgentClip {
    fileprivate var bounded: AgentClip {
        var clip = self
        clip.error = error?.bounded
        return clip
    }
}

extension [String] {
    /// The maximum number of warnings of one call.
    private static var maximumCount: Int { 100 }

    fileprivate var bounded: [String] {
        prefix(Self.maximumCount).map { $0.bounded(to: TextBound.message) }
    }
}
