import Artifacts
import Contracts
import Faults
import JSONRPC
import JobFiles
import ServicePool
import Timebase

/// The check of what the lead delivered.
extension ServiceStudio {
    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm {
        let source = try own(video, spec, Self.whose)
        let promised = plan.segments.reduce(0) { $0 + $1.duration }
        let fps = spec.options.fps ?? JobDefaults.fps
        let probe = try await films.check(
            source.description, seconds: promised, fps: fps, whose: Self.whose,
            narrations: plan.narrations(areFitted: false),
            thorough: true)
        let findings = LeadFilmFindings(
            probe, plan, fps: fps, share: spec.options.leadFaultShare ?? JobDefaults.leadFaultShare)
        if spec.options.fallback == .segments, findings.canBeCut(plan) {
            return .parts(try await cut(source, findings, spec, plan))
        }
        if let fault = findings.fault ?? findings.segments.first(where: \.isFilmFault)?.fault {
            throw ServiceError(.corruptMedia, "\(Self.whose) \(fault)")
        }
        let film = try uri(try places(spec).film)
        let stored = try await store(source, probe, as: film, promised, fps, spec, plan)
        try await write(stored.report, spec)
        return .film(
            CheckedFilm(
                video: film.description, seconds: stored.seconds,
                warnings: findings.warnings.map { "\(Self.whose) \($0)" }))
    }

    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadParts {
        let fps = spec.options.fps ?? JobDefaults.fps
        var parts = LeadParts()
        for segment in plan.segments {
            let delivered = clips.first { $0.segmentID == segment.id }
            guard let video = delivered?.clip else {
                parts.faults[segment.id] =
                    delivered?.error ?? ServiceError(.corruptMedia, "Agent5 delivered no clip of \(segment.id)")
                continue
            }
            let whose = "Agent5's clip of \(segment.id)"
            do {
                let source = try own(video, spec, whose)
                let probe = try await films.check(
                    source.description, seconds: segment.duration, fps: fps, whose: whose, narrations: [],
                    thorough: true)
                // The narration is added when the clips are joined.
                var alone = segment
                alone.audio = nil
                var part = plan
                part.segments = [alone]
                let findings = LeadFilmFindings(
                    probe, part, fps: fps, share: spec.options.leadFaultShare ?? JobDefaults.leadFaultShare,
                    isClip: true)
                if let fault = findings.fault { throw ServiceError(.corruptMedia, "\(whose) \(fault)") }
                parts.warnings += findings.warnings.map { "\(whose) \($0)" }
            } catch let error as ServiceError where error.kind != .cancelled {
                parts.faults[segment.id] = error
            }
        }
        return parts
    }

    private static let whose = "Agent5's film"

    /// Writes the film to its place: as it is if players play it, else as an MP4 of its streams, else encoded.
    ///
    /// - Returns: what was measured of the stored film.
    private func store(
        _ source: ArtifactURI, _ probe: ProbedMedia, as film: ArtifactURI, _ promised: Double, _ fps: Double,
        _ spec: JobSpec, _ plan: JobPlan
    ) async throws -> ProbedMedia {
        guard probe.report?.points.first(where: { $0.name == "playable" })?.isPassed == false else {
            try await artifacts.copy(source, to: film)
            return probe
        }
        var request = ConvertMedia(media: source.description, output: film.description)
        for encodes in [false, true] {
            request.encode = encodes ? true : nil
            let made = try await pools.call(ClipperAPI.convert, request)
            do {
                return try await films.check(
                    film.description, seconds: promised, fps: fps, whose: "\(Self.whose), converted to MP4,",
                    narrations: plan.narrations(areFitted: false))
            } catch let error as ServiceError where error.kind == .corruptMedia {
                // Copied streams that do not play in an MP4 are encoded, unless the film itself has been replaced.
                if made.encodedPictures != nil || encodes || source == film { throw error }
            }
        }
        return probe
    }

    /// Cuts the good segments out of a film.
    private func cut(
        _ source: ArtifactURI, _ findings: LeadFilmFindings, _ spec: JobSpec, _ plan: JobPlan
    ) async throws -> LeadParts {
        var parts = LeadParts(warnings: findings.warnings.map { "\(Self.whose) \($0)" })
        for segment in findings.segments {
            parts.faults[segment.id] = ServiceError(.corruptMedia, "\(Self.whose) \(segment.fault)")
        }
        let (places, options) = (try places(spec), spec.options)
        var frame = 0
        for segment in plan.segments {
            defer { frame += segment.frames }
            guard parts.faults[segment.id] == nil else { continue }
            let output = try uri(places.leadClip(segment.id)).description
            var request = ConvertMedia(media: source.description, output: output)
            (request.start, request.duration) = (options.rate.seconds(frame), options.rate.seconds(segment.frames))
            (request.width, request.height) = (
                options.width ?? JobDefaults.width, options.height ?? JobDefaults.height
            )
            request.fps = options.fps ?? JobDefaults.fps
            do {
                _ = try await pools.call(ClipperAPI.convert, request)
                parts.clips.append(AgentClip(segmentID: segment.id, clip: output))
            } catch let error as ServiceError where error.kind == .corruptMedia || error.kind == .invalidParams {
                parts.faults[segment.id] = error
            }
        }
        return parts
    }
}
