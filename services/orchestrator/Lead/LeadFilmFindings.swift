import Contracts

/// What is wrong with the lead's film, or with one of its clips. Pure: a probe and the plan go in, sentences come out that follow
/// "Agent5's film".
struct LeadFilmFindings {
    struct SegmentFault: Equatable {
        var id: String
        var fault: String
        /// Whether it makes the film unusable where the film is not cut.
        var isFilmFault: Bool
    }

    /// What makes the film unusable as it is.
    private(set) var fault: String?
    /// Whether `fault` is of the film as a whole, so that no segment of it can be kept.
    private(set) var isWhole = false
    /// Faults of single segments, in the film's order.
    private(set) var segments: [SegmentFault] = []
    private(set) var warnings: [String] = []

    private let seconds: Double
    private let plan: JobPlan
    private let share: Double
    private let tolerance: Double
    private let frame: Double
    /// The seconds at which each segment begins, and the end.
    private let starts: [Double]

    /// - Parameters:
    ///   - probe: a thorough one, of a film of the right length.
    ///   - share: the share of black or frozen pictures from which on they are a fault.
    ///   - isClip: whether the sound is made later, so that it is not judged here.
    init(_ probe: ProbedMedia, _ plan: JobPlan, fps: Double, share: Double, isClip: Bool = false) {
        seconds = probe.seconds
        self.plan = plan
        self.share = share
        tolerance = FilmCheck.tolerance(fps: fps)
        frame = 1 / fps
        var starts = [0.0]
        for segment in plan.segments { starts.append(starts[starts.count - 1] + segment.duration) }
        self.starts = starts
        if !isClip { judgeSound(probe) }
        judgePictures(probe)
        if !isClip { judgeSilence(probe) }
    }

    /// Whether some segments are faulty and others can be kept.
    func canBeCut(_ plan: JobPlan) -> Bool {
        !isWhole && !segments.isEmpty && segments.count < plan.segments.count
    }

    // MARK: - Sound

    private mutating func judgeSound(_ probe: ProbedMedia) {
        let narrated = plan.segments.filter { $0.audio != nil }
        guard let sound = probe.sound else {
            if !narrated.isEmpty {
                found("has no sound although there are narrations")
                for segment in narrated { add(segment.id, "has no sound although \(segment.id) has a narration") }
            }
            return
        }
        let end = sound.end.map { $0 - (probe.picture?.start ?? 0) + probe.pictureDelay }
        if let end, end > seconds + tolerance {
            found("has sound up to \(text(end)), its pictures end at \(text(seconds))")
            isWhole = true
        }
        guard !narrated.isEmpty else {
            // Nobody said how long the sound should be; a film's own sound lasts as long as the film, or fades out near its end.
            if let end, end < seconds - max(tolerance, seconds / 10) {
                found("has sound up to \(text(end)) only, it lasts \(text(seconds))")
                for (index, segment) in plan.segments.enumerated() where starts[index + 1] > end + tolerance {
                    add(segment.id, "has no sound to the end of \(segment.id)")
                }
            }
            return
        }
        if probe.isSilent {
            found("is silent although there are narrations")
            for segment in narrated { add(segment.id, "is silent although \(segment.id) has a narration") }
            return
        }
        // A point without a value is a narration that is not heard, or not to its end.
        let missing = (probe.report?.points ?? []).filter {
            $0.name.hasPrefix("sync_") && !$0.isPassed && $0.value == nil
        }
        for point in missing {
            let id = String(point.name.dropFirst("sync_".count))
            let how = end.map { $0 < seconds - tolerance ? "; its sound ends at \(text($0))" : "" } ?? ""
            add(id, "lacks the narration of \(id): \(point.measured)\(how)", isFilmFault: true)
        }
    }

    // MARK: - Pictures

    private mutating func judgePictures(_ probe: ProbedMedia) {
        let black = stretches("black_total", probe)
        judge(black, "is black", throughout: "is black throughout", isFault: { _ in true })
        if black.total > 1 {
            warnings.append("is black for \(text(black.total)) of \(text(seconds)): \(list(black.stretches))")
        }
        let frozen = stretches("frozen_total", probe)
        // A film may be made of still pictures; one that is shown beyond its segment is a film that hangs.
        judge(
            frozen, "shows one and the same picture",
            throughout: "shows one and the same picture throughout, its storyboard has \(plan.segments.count) segments",
            isFault: isHanging)
        if frozen.total > seconds / 2, frozen.total > black.total + 0.1 {
            warnings.append(
                "shows pictures that do not move for \(text(frozen.total)) of \(text(seconds)): "
                    + list(frozen.stretches))
        }
    }

    private struct Stretches {
        var total = 0.0
        var stretches: [ReportedStretch] = []
    }

    private func stretches(_ name: String, _ probe: ProbedMedia) -> Stretches {
        guard let point = probe.report?.points.first(where: { $0.name == name }) else { return Stretches() }
        return Stretches(total: point.value ?? 0, stretches: point.stretches ?? [])
    }

    private func isHanging(_ stretch: ReportedStretch) -> Bool {
        starts.dropFirst().dropLast().contains { boundary in
            stretch.start < boundary - 2 * frame && stretch.end > boundary + 2 * frame
        }
    }

    private mutating func judge(
        _ found: Stretches, _ words: String, throughout: String, isFault: (ReportedStretch) -> Bool
    ) {
        let faulty = found.stretches.filter(isFault)
        // All of them count, however many are listed.
        let others = found.stretches.reduce(0) { $0 + $1.end - $1.start }
        let rest = faulty.count == found.stretches.count ? max(found.total - others, 0) : 0
        let total = faulty.reduce(0) { $0 + $1.end - $1.start } + rest
        guard total > 0 else { return }
        // Two frames less than the whole is still the whole.
        if total >= seconds - 2 * frame {
            self.found(throughout)
        } else if total >= share * seconds {
            self.found("\(words) for \(text(total)) of \(text(seconds)): \(list(faulty))")
        }
        for (index, segment) in plan.segments.enumerated() {
            let (start, end) = (starts[index], starts[index + 1])
            let inside = faulty.reduce(0.0) { $0 + max(min($1.end, end) - max($1.start, start), 0) }
            let enough = share * segment.duration
            if inside >= enough - 2 * frame, inside >= enough / 2 {
                add(segment.id, "\(words) for \(text(inside)) of the \(text(segment.duration)) of \(segment.id)")
            }
        }
    }

    // MARK: - Silence

    private mutating func judgeSilence(_ probe: ProbedMedia) {
        let silent = stretches("silent_total", probe)
        if probe.isSilent {
            warnings.append("is silent")
        } else if silent.total > seconds / 2 {
            warnings.append("is silent for \(text(silent.total)) of \(text(seconds)): \(list(silent.stretches))")
        }
    }

    // MARK: -

    private mutating func found(_ fault: String) { self.fault = self.fault ?? fault }

    private mutating func add(_ id: String, _ fault: String, isFilmFault: Bool = false) {
        if let known = segments.firstIndex(where: { $0.id == id }) {
            segments[known].isFilmFault = segments[known].isFilmFault || isFilmFault
        } else {
            segments.append(SegmentFault(id: id, fault: fault, isFilmFault: isFilmFault))
        }
    }

    private func text(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }

    /// The first of many stretches.
    private func list(_ stretches: [ReportedStretch]) -> String {
        func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        var listed = stretches.prefix(5).map { "\(tenth($0.start)) to \(tenth($0.end)) s" }
        if stretches.count > 5 { listed.append("\(stretches.count - 5) more") }
        return listed.joined(separator: ", ")
    }
}
