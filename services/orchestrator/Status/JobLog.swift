// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

/// Derives the log service's entries from a job's events.
enum JobLog {
    /// The log entries of an event, as type and data.
    ///
    /// - Parameter machine: the job after the event.
    static func entries(_ event: JobEvent, _ machine: JobMachine) -> [(String, JSONValue)] {
        let job = JSONValue.string(machine.spec.jobID)
        switch event {
        case .imageMade(let index, let image, let startedAt):
            return [
                (
                    EventType.segmentGeneration,
                    [
                        "job_id": job, "segment_id": segment(index, machine), "step": "image",
                        "image": .string(image.image),
                        "provider": .string(image.provider), "model": .string(image.model),
                        "attempts": .integer(Int64(image.attempts)), "cost_usd": .number(image.cost.dollars),
                        "seconds": seconds(startedAt, machine),
                    ]
                )
            ]
        case .clipMade(let index, let clip, let startedAt):
            return [
                (
                    EventType.segmentGeneration,
                    [
                        "job_id": job, "segment_id": segment(index, machine), "step": "clip",
                        "clip": .string(clip.clip),
                        "frames": .integer(Int64(clip.frames)), "cost_usd": .number(clip.cost.dollars),
                        "seconds": seconds(startedAt, machine),
                    ]
                )
            ]
        case .imageFailed(let index, let error, _), .stillFailed(let index, let error, _),
            .clipFailed(let index, let error, _),
            .narrationFailed(let index, let error, _):
            return [
                (
                    EventType.segmentGeneration,
                    ["job_id": job, "segment_id": segment(index, machine), "error": .string(error.description)]
                )
            ]
        case .stitched(let film, let startedAt, _):
            return [
                (
                    EventType.mediaConvertJob,
                    [
                        "job_id": job, "backend": .string(film.backend.rawValue), "status": "COMPLETE",
                        "mediaconvert_job_id": film.jobID.map { .string($0) } ?? .null, "video": .string(film.video),
                        "cost_usd": .number(film.cost.dollars), "seconds": seconds(startedAt, machine),
                    ]
                )
            ]
        case .stitchFailed(let error, let startedAt):
            let isCloud = error.provider == StitchBackend.mediaconvert.rawValue
            let backend = machine.spec.options.stitchBackend ?? (isCloud ? .mediaconvert : .local)
            return [
                (
                    EventType.mediaConvertJob,
                    [
                        "job_id": job, "backend": .string(backend.rawValue), "status": "ERROR",
                        "error": .string(error.description), "seconds": seconds(startedAt, machine),
                    ]
                )
            ]
        case .settled:
            return final(job, machine)
        default:
            return []
        }
    }

    private static func final(_ job: JSONValue, _ machine: JobMachine) -> [(String, JSONValue)] {
        var entries: [(String, JSONValue)] = []
        if machine.state == .finished {
            entries.append(
                (
                    EventType.finalVideo,
                    [
                        "job_id": job, "video_url": .string(machine.videoURL ?? ""),
                        "maker": .string(machine.activeAgent.name),
                        "duration_s": .number(machine.filmDuration ?? 0),
                        "segments": .integer(Int64(machine.segments.count)),
                    ]
                ))
        }
        let costs = machine.costs
        let segments = machine.segments.map { ($0.id, JSONValue.number(machine.ledger.cost(of: $0.id).dollars)) }
        entries.append(
            (
                EventType.costBreakdown,
                [
                    "job_id": job, "state": .string(machine.state.rawValue),
                    "segments": .object(Dictionary(segments) { first, _ in first }),
                    "agents": .object(
                        Dictionary(uniqueKeysWithValues: Agent.allCases.map { ($0.name, .number(costs[$0].dollars)) })),
                    "total": .number(costs.total.dollars), "wasted": .number(machine.wasted.dollars),
                ]
            ))
        return entries
    }

    private static func segment(_ index: Int, _ machine: JobMachine) -> JSONValue {
        machine.segments.indices.contains(index) ? .string(machine.segments[index].id) : .null
    }

    private static func seconds(_ startedAt: Timestamp, _ machine: JobMachine) -> JSONValue {
        .number(Double(max(machine.updatedAt.milliseconds - startedAt.milliseconds, 0)) / 1000)
    }
}
