// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import ServiceKit

/// Injects faults, one after the other, into one stack.
struct DrillRun: Sendable {
    /// Seconds after which a fault has failed: a job that hangs is a result.
    private static let timeout = 120.0

    let stack: DrillStack
    /// Called with each result as soon as it is available.
    let onResult: @Sendable (DrillResult) throws -> Void

    /// Injects the faults.
    ///
    /// - Returns: a result for each fault; a fault that could not be injected has not passed.
    /// - Throws: `CancellationError`; what `onResult` throws.
    func run(_ faults: [DrillFault]) async throws -> [DrillResult] {
        var results: [DrillResult] = []
        for fault in faults {
            if Terminal.isInteractive { StandardStreams.error("\(fault.number) \(fault.name) ...\n") }
            let result: DrillResult
            do {
                result = try await withTimeout { try await run(fault) }
            } catch {
                try Task.checkCancellation()
                result = DrillResult(fault, error: error)
            }
            try onResult(result)
            results.append(result)
        }
        return results
    }

    private func run(_ fault: DrillFault) async throws -> DrillResult {
        try await resetBreaker()
        let session = "fault-\(fault.number)"
        let receipt: Receipt
        switch fault.injection {
        case .script(let calls):
            try stack.setScript(calls)
            receipt = try await stack.job(session, fault.options)
        case .leadDown:
            receipt = try await stack.without(Agent.lead.service) { try await stack.job(session, fault.options) }
        case .imagesFail(let calls):
            try stack.setScript(calls)
            receipt = try await stack.withFailingImages { try await stack.job(session, fault.options) }
        case .flapping:
            guard case .recovery(let limit) = fault.expectation.outcome else {
                throw ServiceError(.internal, "\(fault.name) is expected to recover")
            }
            return try await FlappingDrill(fault: fault, stack: stack, limit: limit).run()
        }
        return DrillEvaluator(fault: fault).result(receipt, filmFault: try await stack.fault(ofFilm: receipt))
    }

    /// Clears the failures of the previous fault, which must not open the breaker for the next one.
    private func resetBreaker() async throws {
        do {
            _ = try await stack.breaker(.reset)
        } catch let error as ServiceError where error.kind == .methodNotFound {
            return
        }
    }

    private func withTimeout(_ body: @escaping @Sendable () async throws -> DrillResult) async throws -> DrillResult {
        try await withThrowingTaskGroup(of: DrillResult.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.timeout))
                throw ServiceError(.timeout, "the job did not end within \(Formatting.seconds(Self.timeout))")
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
