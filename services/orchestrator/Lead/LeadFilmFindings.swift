// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The faults of the lead's film, or of one of its clips, derived from its measurements and the plan. Pure.
///
/// Each fault and warning is a predicate that follows a subject such as "Agent5's film".
struct LeadFilmFindings {
    /// A fault of one segment.
    struct SegmentFault: Equatable {
        /// The id of the segment.
        var id: String
        var fault: String
        /// Whether the fault makes the whole film unusable unless the film is cut into segments.
        var isFilmFault: Bool
    }

    /// The first fault that makes the film unusable as it is; `nil` if there is none.
    private(set) var fault: String?
    /// Whether `fault` concerns the film as a whole, so that no segment can be cut out of it.
    private(set) var isWhole = false
    /// The faults of single segments, at most one for each.
    private(set) var segments: [SegmentFault] = []
    /// Deviations that do not make the film unusable.
    private(set) var warnings: [String] = []

    private let seconds: Double
    private let plan: JobPlan
    private let share: Double
    private let tolerance: Double
    private let frame: Double
    /// The start of each segment in seconds, then the end of the film.
    private let starts: [Double]

    /// Evaluates the measurements.
    ///
    /// - Parameters:
    ///   - probe: a thorough measurement of a film whose duration is correct.
    ///   - plan: the plan of the film.
    ///   - fps: frames per second of the film.
    ///   - share: the share of black or frozen frames from which they are a fault, 0 to 1.
    ///   - isClip: whether this is a single clip, whose sound is added later and not checked here.
    init(_ probe: ProbedMedia, _ plan: JobPlan, fps: Double, share: Double, isClip: Bool = false) {
        seconds = probe.seconds
        self.plan = plan
        self.share = share
        tolerance = FilmCheck.tolerance(fps: fps)
        frame = 1 / fps
        var starts = [0.0]
        for segment in plan.segments { starts.append(starts[starts.count - 1] + segment.duration) }
        self.starts = starts
        if !isClip { checkSound(probe) }
        checkPictures(probe)
        if !isClip { checkSilence(probe) }
    }

    /// Whether some segments are faulty and the others can be cut out of the film.
    func canBeCut(_ plan: JobPlan) -> Bool {
        !isWhole && !segments.isEmpty && segments.count < plan.segments.count
    }

    // MARK: - Sound

    private mutating func checkSound(_ probe: ProbedMedia) {
        let narrated = plan.segments.filter { $0.audio != nil }
        guard let sound = probe.sound else {
            if !narrated.isEmpty {
                report("has no sound although there are narrations")
                for segment in narrated { add(segment.id, "has no sound although \(segment.id) has a narration") }
            }
            return
        }
        let end = sound.end.map { $0 - (probe.picture?.start ?? 0) + probe.pictureDelay }
        if let end, end > seconds + tolerance {
            report("has sound up to \(text(end)), but its pictures end at \(text(seconds))")
            isWhole = true
        }
        guard !narrated.isEmpty else {
            // Without narrations the sound has no required duration, but a film's own sound should last until near its end.
            if let end, end < seconds - max(tolerance, seconds / 10) {
                report("has sound only up to \(text(end)), but lasts \(text(seconds))")
                for (index, segment) in plan.segments.enumerated() where starts[index + 1] > end + tolerance {
                    add(segment.id, "has no sound to the end of \(segment.id)")
                }
            }
            return
        }
        if probe.isSilent {
            report("is silent although there are narrations")
            for segment in narrated { add(segment.id, "is silent although \(segment.id) has a narration") }
            return
        }
        // A measurement without a value means that the narration is missing or incomplete.
        let missing = (probe.report?.points ?? []).filter {
            $0.name.hasPrefix("sync_") && !$0.isPassed && $0.value == nil
        }
        for point in missing {
            let id = String(point.name.dropFirst("sync_".count))
            let detail = end.map { $0 < seconds - tolerance ? "; its sound ends at \(text($0))" : "" } ?? ""
            add(id, "lacks the narration of \(id): \(point.measured)\(detail)", isFilmFault: true)
        }
    }

    // MARK: - Pictures

    private mutating func checkPictures(_ probe: ProbedMedia) {
        let black = stretches("black_total", probe)
        check(black, "is black", throughout: "is black throughout", isFault: { _ in true })
        if black.total > 1 {
            warnings.append("is black for \(text(black.total)) of \(text(seconds)): \(list(black.stretches))")
        }
        let frozen = stretches("frozen_total", probe)
        // A film may consist of still images, but an image that is shown beyond its segment means that the film hangs.
        check(
            frozen, "shows the same picture",
            throughout: "shows the same picture throughout, but its storyboard has \(plan.segments.count) segments",
            isFault: isHanging)
        if frozen.total > seconds / 2, frozen.total > black.total + 0.1 {
            warnings.append(
                "is frozen for \(text(frozen.total)) of \(text(seconds)): "
                    + list(frozen.stretches))
        }
    }

    /// A measurement of stretches of the film; `stretches` may list only the first ones.
    private struct Stretches {
        var total = 0.0
        var stretches: [ReportedTimeRange] = []
    }

    private func stretches(_ name: String, _ probe: ProbedMedia) -> Stretches {
        guard let point = probe.report?.points.first(where: { $0.name == name }) else { return Stretches() }
        return Stretches(total: point.value ?? 0, stretches: point.timeRanges ?? [])
    }

    private func isHanging(_ stretch: ReportedTimeRange) -> Bool {
        starts.dropFirst().dropLast().contains { boundary in
            stretch.start < boundary - 2 * frame && stretch.end > boundary + 2 * frame
        }
    }

    /// Records stretches that are long enough as faults, of the film and of the segments that contain them.
    private mutating func check(
        _ found: Stretches, _ predicate: String, throughout: String, isFault: (ReportedTimeRange) -> Bool
    ) {
        let faulty = found.stretches.filter(isFault)
        // The total counts even if not all stretches are listed.
        let listed = found.stretches.reduce(0) { $0 + $1.end - $1.start }
        let unlisted = faulty.count == found.stretches.count ? max(found.total - listed, 0) : 0
        let total = faulty.reduce(0) { $0 + $1.end - $1.start } + unlisted
        guard total > 0 else { return }
        // A tolerance of two frames.
        if total >= seconds - 2 * frame {
            report(throughout)
        } else if total >= share * seconds {
            report("\(predicate) for \(text(total)) of \(text(seconds)): \(list(faulty))")
        }
        for (index, segment) in plan.segments.enumerated() {
            let (start, end) = (starts[index], starts[index + 1])
            let inside = faulty.reduce(0.0) { $0 + max(min($1.end, end) - max($1.start, start), 0) }
            let enough = share * segment.duration
            if inside >= enough - 2 * frame, inside >= enough / 2 {
                add(segment.id, "\(predicate) for \(text(inside)) of the \(text(segment.duration)) of \(segment.id)")
            }
        }
    }

    // MARK: - Silence

    private mutating func checkSilence(_ probe: ProbedMedia) {
        let silent = stretches("silent_total", probe)
        if probe.isSilent {
            warnings.append("is silent")
        } else if silent.total > seconds / 2 {
            warnings.append("is silent for \(text(silent.total)) of \(text(seconds)): \(list(silent.stretches))")
        }
    }

    // MARK: -

    private mutating func report(_ fault: String) { self.fault = self.fault ?? fault }

    private mutating func add(_ id: String, _ fault: String, isFilmFault: Bool = false) {
        if let known = segments.firstIndex(where: { $0.id == id }) {
            segments[known].isFilmFault = segments[known].isFilmFault || isFilmFault
        } else {
            segments.append(SegmentFault(id: id, fault: fault, isFilmFault: isFilmFault))
        }
    }

    private func text(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }

    /// The first five stretches as text.
    private func list(_ stretches: [ReportedTimeRange]) -> String {
        func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        var listed = stretches.prefix(5).map { "\(tenth($0.start)) to \(tenth($0.end)) s" }
        if stretches.count > 5 { listed.append("\(stretches.count - 5) more") }
        return listed.joined(separator: ", ")
    }
}
