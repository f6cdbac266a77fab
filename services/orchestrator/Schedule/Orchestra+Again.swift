import Contracts
import Faults
import JSON
import JSONRPC
import Parameters

/// Jobs that are at their end, and go on all the same.
extension Orchestra {
    /// - Throws: `conflict` where the job runs, or has nothing to do again; `invalid_params` that names what is wrong.
    nonisolated func retry(_ request: RetryJob) async throws -> JobStateResult {
        let edits = request.edits ?? [:]
        let only = request.only ?? (edits.isEmpty ? .failed : .segments(edits.keys.sorted()))
        return try await again(request.jobID) { machine in
            try Self.check(only, edits, machine)
            return edits.isEmpty ? [.retried(only)] : [.edited(edits), .retried(only)]
        }
    }

    /// - Throws: `conflict` where there is no finished film, or nothing of Agent6 in it; `invalid_params` that names what is
    ///   wrong.
    nonisolated func upgrade(_ request: UpgradeJob) async throws -> JobStateResult {
        try await again(request.jobID) { machine in [try Self.upgrade(request, machine)] }
    }

    private nonisolated func again(
        _ id: String, _ events: (JobMachine) throws -> [JobEvent]
    ) async throws -> JobStateResult {
        while true {
            let rest = try await atRest(id)
            if let result = try await again(rest, try events(rest.machine)) { return result }
        }
    }

    private static func upgrade(_ request: UpgradeJob, _ machine: JobMachine) throws -> JobEvent {
        guard machine.state == .finished else {
            throw ServiceError(.conflict, "the job \(request.jobID) has no finished film: retry it first")
        }
        try request.check()
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
            let place = "/edits/\(id)"
            if case .segments(let ids) = only, !ids.contains(id) {
                throw .invalidParams(at: place, expected: "one of the segments in /only")
            }
            guard edit.prompt != nil || edit.image != nil else {
                throw .invalidParams(at: place, expected: "a prompt or an image")
            }
            if let error = edit.violations(at: place).error { throw error }
        }
        if machine.state == .finished, machine.segments.contains(where: { $0.clip == nil && edits[$0.id] == nil }) {
            throw ServiceError(
                .conflict, "Agent5 made the film of \(machine.spec.jobID) as a whole: there are no clips to keep")
        }
    }
}
