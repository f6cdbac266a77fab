// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import JSONRPC
import Parameters

/// Retries and upgrades: starts new runs of jobs that have ended.
extension JobRegistry {
    /// Starts a retry.
    ///
    /// - Throws: `conflict` if the job is running or there is nothing to retry; `invalid_params` for invalid segments or edits.
    nonisolated func retry(_ request: RetryJob) async throws -> JobStateResult {
        let edits = request.edits ?? [:]
        let only = request.only ?? (edits.isEmpty ? .failed : .segments(edits.keys.sorted()))
        return try await reopen(request.jobID) { machine in
            try Self.check(only, edits, machine)
            return edits.isEmpty ? [.retried(only)] : [.edited(edits), .retried(only)]
        }
    }

    /// Starts an upgrade.
    ///
    /// - Throws: `conflict` if there is no finished film, or it has no segment of Agent6; `invalid_params` for invalid segments.
    nonisolated func upgrade(_ request: UpgradeJob) async throws -> JobStateResult {
        try await reopen(request.jobID) { machine in [try Self.upgrade(request, machine)] }
    }

    /// Reads an ended job and reopens it with the events that `events` derives from it; repeats if the job changed in between.
    private nonisolated func reopen(
        _ id: String, _ events: (JobMachine) throws -> [JobEvent]
    ) async throws -> JobStateResult {
        while true {
            let job = try await endedJob(id)
            if let result = try await reopen(job, try events(job.machine)) { return result }
        }
    }

    private static func upgrade(_ request: UpgradeJob, _ machine: JobMachine) throws -> JobEvent {
        guard machine.state == .finished else {
            throw ServiceError(.conflict, "the job \(request.jobID) has no finished film: retry it first")
        }
        try request.validate()
        let open = machine.segments.filter { $0.maker == .understudy }.map(\.id)
        for (index, id) in (request.segments ?? []).enumerated() where !open.contains(id) {
            throw ServiceError.invalidParams(
                at: "/segments/\(index)", expected: "a segment that Agent6 made, found \(JSONText.quote(id))")
        }
        let wanted = request.segments ?? open
        guard !wanted.isEmpty else {
            throw ServiceError(.conflict, "Agent5 made every segment of \(request.jobID): there is nothing to upgrade")
        }
        return .upgradeAsked(wanted, cost: request.confirmCost)
    }

    private static func check(
        _ only: RetrySelection, _ edits: [String: SegmentEdit], _ machine: JobMachine
    ) throws(ServiceError) {
        let known = Set(machine.segments.map(\.id))
        for id in edits.keys.sorted() where !known.contains(id) {
            throw .invalidParams(at: "/edits/\(id)", expected: "a segment of the job")
        }
        if case .segments(let ids) = only {
            if let unknown = ids.first(where: { !known.contains($0) }) {
                throw .invalidParams(at: "/only", expected: "segments of the job, found \(JSONText.quote(unknown))")
            }
        } else if machine.state == .finished, only == .failed {
            throw ServiceError(
                .conflict, "the job \(machine.spec.jobID) is finished; retry \"all\", name segments, or edit some")
        }
        guard !edits.isEmpty else { return }
        for (id, edit) in edits.sorted(by: { $0.key < $1.key }) {
            let pointer = "/edits/\(id)"
            if case .segments(let ids) = only, !ids.contains(id) {
                throw .invalidParams(at: pointer, expected: "one of the segments in /only")
            }
            guard edit.prompt != nil || edit.image != nil else {
                throw .invalidParams(at: pointer, expected: "a prompt or an image")
            }
            if let error = edit.violations(at: pointer).error { throw error }
        }
        if machine.state == .finished, machine.segments.contains(where: { $0.clip == nil && edits[$0.id] == nil }) {
            throw ServiceError(
                .conflict, "Agent5 made the film of \(machine.spec.jobID) as a whole: there are no clips to keep")
        }
    }
}
