import Contracts
import Faults
import ServiceKit

/// Plays faults one after the other on one stage.
struct DrillRun: Sendable {
    /// Seconds after which a fault is given up: a job that hangs is a result, not a reason to hang too.
    private static let bound = 120.0

    let stage: DrillStage
    /// Told each result as soon as it is there.
    let hears: @Sendable (DrillResult) throws -> Void

    /// -> a result for each fault; one that cannot be played has not passed.
    ///
    /// - Throws: `CancellationError`.
    func play(_ faults: [DrillFault]) async throws -> [DrillResult] {
        var results: [DrillResult] = []
        for fault in faults {
            if Terminal.isInteractive { FileHandleOutput.error("\(fault.number) \(fault.name) ...\n") }
            let result: DrillResult
            do {
                result = try await bounded { try await play(fault) }
            } catch {
                try Task.checkCancellation()
                result = DrillResult(fault, error: error)
            }
            try hears(result)
            results.append(result)
        }
        return results
    }

    private func play(_ fault: DrillFault) async throws -> DrillResult {
        try await forgetFailures()
        let session = "fault-\(fault.number)"
        let receipt: Receipt
        switch fault.play {
        case .script(let calls):
            try stage.direct(calls)
            receipt = try await stage.job(session, fault.options)
        case .leadIsGone:
            receipt = try await stage.without(Agent.lead.service) { try await stage.job(session, fault.options) }
        case .imagesFail(let calls):
            try stage.direct(calls)
            receipt = try await stage.withBrokenImages { try await stage.job(session, fault.options) }
        case .flaps:
            guard case .recovery(let bound) = fault.expectation.outcome else {
                throw ServiceError(.internal, "\(fault.name) is expected to recover")
            }
            return try await DrillFlaps(fault: fault, stage: stage, bound: bound).play()
        }
        return DrillJudge(fault: fault).result(receipt, filmFault: try await stage.fault(ofFilm: receipt))
    }

    /// The failures of one fault must not open the breaker for the next.
    private func forgetFailures() async throws {
        do {
            _ = try await stage.breaker(.reset)
        } catch let error as ServiceError where error.kind == .methodNotFound {
            return
        }
    }

    private func bounded(_ body: @escaping @Sendable () async throws -> DrillResult) async throws -> DrillResult {
        try await withThrowingTaskGroup(of: DrillResult.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.bound))
                throw ServiceError(.timeout, "the job did not end within \(Count.seconds(Self.bound))")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
