// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServiceKit

/// The orchestrator's JSON-RPC methods.
struct OrchestratorMethods: Sendable {
    let registry: JobRegistry
    let estimator: Estimator
    let snapshots: CoalescedReads

    /// A handler for each method.
    var handlers: [MethodHandler] {
        [
            MethodHandler(OrchestratorAPI.start) { request, call in try await start(request, .chain, call) },
            MethodHandler(OrchestratorAPI.runAgent5) { request, call in try await start(request, .lead, call) },
            MethodHandler(OrchestratorAPI.estimate) { request, call in try await estimate(request, call) },
            MethodHandler(OrchestratorAPI.agent6) { request, call in try await runFallback(request, call) },
            MethodHandler(OrchestratorAPI.status) { request in try await registry.status(request) },
            MethodHandler(OrchestratorAPI.list) { request in try await snapshots.list(request) },
            MethodHandler(OrchestratorAPI.receipt) { request in try await registry.receipt(request.jobID) },
            MethodHandler(OrchestratorAPI.cancel) { request in try await registry.cancel(request.jobID) },
            MethodHandler(OrchestratorAPI.retry) { request in try await registry.retry(request) },
            MethodHandler(OrchestratorAPI.upgrade) { request in try await registry.upgrade(request) },
            MethodHandler(OrchestratorAPI.breaker) { request in try await registry.breaker(request) },
            MethodHandler.streaming(OrchestratorAPI.watch) { request, call in try await watch(request, call) },
        ]
    }

    private func start(_ request: StartJob, _ entry: JobSpec.Entry, _ call: Call) async throws -> StartedJob {
        try await registry.start(request, options: try options(of: request, call), entry: entry)
    }

    private func estimate(_ request: StartJob, _ call: Call) async throws -> Estimate {
        let spec = JobSpec(
            jobID: "estimate", userID: request.userID, sessionID: request.sessionID,
            supersessionID: request.supersessionID, entry: .fallback, options: try options(of: request, call),
            pipelineData: request.pipelineData, isConfined: JobRegistry.isConfined(request))
        return try await estimator.estimate(spec)
    }

    /// Validates the parameters and reads their options.
    private func options(of request: StartJob, _ call: Call) throws -> JobOptions {
        let params = call.rawParams
        try StartValidation.check(request, size: params.count)
        // Read the raw options, because decoding would ignore unknown names.
        let raw = try JSONCoding.decode(JSONValue.self, from: params)
        return try OptionsCheck.read(raw["options"])
    }

    /// Makes a film by the fallback and replies when it is done. Status messages are sent as progress; a disconnected client cancels
    /// the job.
    private func runFallback(_ request: StartJob, _ call: Call) async throws -> Agent6Result {
        let started = try await start(request, .fallback, call)
        do {
            try await follow(jobID: started.jobID, after: 0) { message in
                let extra = try JSONCoding.convert(message, to: JSONValue.self).object ?? [:]
                call.progress(message.progress?.fraction ?? 0, message.message, extra: extra)
                return !message.jobState.isTerminal
            }
        } catch is CancellationError {
            _ = try await registry.cancel(started.jobID)
            throw CancellationError()
        }
        let view = try await registry.view(started.jobID)
        if let error = view.error { throw error }
        guard let video = view.videoURL else {
            throw ServiceError(.cancelled, "the job \(started.jobID) was cancelled")
        }
        return Agent6Result(
            jobID: view.jobID, videoURL: video, cost: view.costs.understudy, segments: view.segments)
    }

    /// Replies with a snapshot, then sends status messages until the call is cancelled.
    private func watch(_ request: WatchJobs, _ call: Call) async throws {
        let snapshot = try await snapshots.snapshot(of: request.jobID)
        try await call.reply(json: snapshot.json)
        try await follow(jobID: request.jobID, after: request.afterSeq ?? snapshot.seq) { message in
            try await call.notify(OrchestratorAPI.event, message)
            return true
        }
    }

    /// Passes every status message after `seq` to `body`, until it returns `false` or the call is cancelled.
    private func follow(
        jobID: String?, after seq: Int, _ body: (StatusMessage) async throws -> Bool
    ) async throws {
        var last = seq
        for await _ in registry.changeNotifier.signals(jobID: jobID) {
            while true {
                try Task.checkCancellation()
                let messages = try await registry.messages(after: last, jobID: jobID)
                if messages.isEmpty { break }
                for message in messages {
                    last = message.seq
                    if try await !body(message) { return }
                }
            }
        }
        throw CancellationError()
    }
}
