// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import JSONRPC
import JobFiles
import ServicePool
import Timebase

/// Checks the lead's deliveries.
extension RemoteJobServices {
    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadFilm {
        let source = try outputURI(video, spec, Self.subject)
        let expected = plan.segments.reduce(0) { $0 + $1.duration }
        let fps = spec.options.fps ?? JobDefaults.fps
        let probe = try await films.check(
            source.description, seconds: expected, fps: fps, subject: Self.subject,
            narrations: plan.narrations(areFitted: false),
            thorough: true)
        let findings = LeadFilmFindings(
            probe, plan, fps: fps, share: spec.options.leadFaultShare ?? JobDefaults.leadFaultShare)
        if spec.options.fallback == .segments, findings.canBeCut(plan) {
            return .segments(try await cut(source, findings, spec, plan))
        }
        if let fault = findings.fault ?? findings.segments.first(where: \.isFilmFault)?.fault {
            throw ServiceError(.corruptMedia, "\(Self.subject) \(fault)")
        }
        let film = try uri(try paths(spec).film)
        let stored = try await store(source, probe, as: film, expected, fps, spec, plan)
        try await write(stored.report, spec)
        return .film(
            VerifiedFilm(
                video: film.description, seconds: stored.seconds,
                warnings: findings.warnings.map { "\(Self.subject) \($0)" }))
    }

    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> LeadSegments {
        let fps = spec.options.fps ?? JobDefaults.fps
        var parts = LeadSegments()
        for segment in plan.segments {
            let delivered = clips.first { $0.segmentID == segment.id }
            guard let video = delivered?.clip else {
                parts.faults[segment.id] =
                    delivered?.error ?? ServiceError(.corruptMedia, "Agent5 delivered no clip of \(segment.id)")
                continue
            }
            let subject = "Agent5's clip of \(segment.id)"
            do {
                let source = try outputURI(video, spec, subject)
                let probe = try await films.check(
                    source.description, seconds: segment.duration, fps: fps, subject: subject, narrations: [],
                    thorough: true)
                // The stitcher adds the narration.
                var alone = segment
                alone.audio = nil
                var part = plan
                part.segments = [alone]
                let findings = LeadFilmFindings(
                    probe, part, fps: fps, share: spec.options.leadFaultShare ?? JobDefaults.leadFaultShare,
                    isClip: true)
                if let fault = findings.fault { throw ServiceError(.corruptMedia, "\(subject) \(fault)") }
                parts.warnings += findings.warnings.map { "\(subject) \($0)" }
            } catch let error as ServiceError where error.kind != .cancelled {
                parts.faults[segment.id] = error
            }
        }
        return parts
    }

    private static let subject = "Agent5's film"

    /// Stores the lead's film as the job's film: unchanged if common players can play it, else remuxed as MP4, else encoded.
    ///
    /// - Returns: the measurements of the stored film.
    private func store(
        _ source: ArtifactURI, _ probe: ProbedMedia, as film: ArtifactURI, _ expected: Double, _ fps: Double,
        _ spec: JobSpec, _ plan: JobPlan
    ) async throws -> ProbedMedia {
        guard probe.report?.points.first(where: { $0.name == "playable" })?.isPassed == false else {
            try await artifacts.copy(source, to: film)
            return probe
        }
        var request = ConvertMedia(media: source.description, output: film.description)
        for encodes in [false, true] {
            request.encode = encodes ? true : nil
            let converted = try await pools.call(ClipperAPI.convert, request)
            do {
                return try await films.check(
                    film.description, seconds: expected, fps: fps, subject: "\(Self.subject), converted to MP4,",
                    narrations: plan.narrations(areFitted: false))
            } catch let error as ServiceError where error.kind == .corruptMedia {
                // If remuxed streams are faulty, encode them, unless the source was overwritten.
                if converted.encodedPictures != nil || encodes || source == film { throw error }
            }
        }
        return probe
    }

    /// Cuts the good segments out of a faulty film.
    private func cut(
        _ source: ArtifactURI, _ findings: LeadFilmFindings, _ spec: JobSpec, _ plan: JobPlan
    ) async throws -> LeadSegments {
        var parts = LeadSegments(warnings: findings.warnings.map { "\(Self.subject) \($0)" })
        for segment in findings.segments {
            parts.faults[segment.id] = ServiceError(.corruptMedia, "\(Self.subject) \(segment.fault)")
        }
        let (paths, options) = (try paths(spec), spec.options)
        var frame = 0
        for segment in plan.segments {
            defer { frame += segment.frames }
            guard parts.faults[segment.id] == nil else { continue }
            let output = try uri(paths.leadClip(segment.id)).description
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
