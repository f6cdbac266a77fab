// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import Untrusted

/// Calls agents through their breakers and under their timeouts.
extension JobRunner {
    /// Calls the lead once.
    ///
    /// - Returns: its delivery, its failure, or `leadBarred` if its breaker rejects the call.
    /// - Throws: `corrupt_media` for an implausible result, and the lead's error.
    func callLead(_ spec: JobSpec, _ plan: JobPlan, startedAt: Timestamp) async throws -> JobEvent {
        do {
            try await breakers.admit(Agent.lead.service, job: jobID)
        } catch {
            return .leadBarred(error)
        }
        let start = leadStart ?? .now
        leadStart = start
        try await waitForRateLimit()
        var spec = spec
        // The lead's own limit: what is not spent, possibly spent or reserved.
        spec.options.maxCost = machine.leadBudget
        let key = "\(jobID)/lead/\(machine.leadCallNumber)"
        let isRepeated = machine.repeatsLostLeadCall
        let options = spec.options
        let bounds = LeadTimeouts.Bounds(
            total: options.agent5Timeout ?? JobDefaults.agent5Timeout, queue: options.agent5Queue,
            firstProgress: options.agent5FirstProgress, stall: options.agent5Stall ?? JobDefaults.agent5Stall)
        let calledAt = Double(start.duration(to: .now).milliseconds) / 1000
        let (services, callSpec) = (self.services, spec)
        let request = machine.leadClipRequest
        let hedge = await scheduleHedge(spec.options)
        defer { hedge?.cancel() }
        let completion = try await callWithTimeouts(LeadTimeouts(.lead, bounds, calledAt: calledAt), start: start) {
            onActivity in
            try await services.lead(callSpec, plan, request, key: key, isRepeated: isRepeated, onActivity)
        } progressEvent: { report in
            .leadProgress(fraction: report.fraction, message: report.message)
        }
        switch completion {
        case .answered(let result):
            try AgentResultCheck.check(
                result, of: .lead, job: jobID, segments: plan.segments.map(\.id))
            return .leadDelivered(result, startedAt: startedAt)
        case .expired(var error, let late):
            switch late {
            case .success(let result):
                do throws(ServiceError) {
                    try AgentResultCheck.check(
                        result, of: .lead, job: jobID, segments: plan.segments.map(\.id))
                    await submit(.leadLate(result))
                } catch let rejection {
                    (error.wasted, error.unknown) = (rejection.wasted, rejection.unknown)
                }
            case .failure(let end):
                (error.wasted, error.unknown) = (end.wasted, end.unknown)
                if end.isUnsettled {
                    error.message += "; its costs are unknown because it did not report its orders"
                }
            }
            return .leadFailed(error, startedAt: startedAt)
        }
    }

    /// Records films that a lead left in its output folder after it timed out or became unavailable.
    func collectLateFilms() async {
        guard let plan = machine.plan, let takeover = machine.takeover,
            takeover.kind == .timeout || takeover.kind == .unavailable,
            let first = machine.attempts.first(where: { $0.agent == .lead })
        else { return }
        let used = Set(machine.segments.compactMap(\.clip))
        let films = (try? await services.films(machine.spec, plan, since: first.startedAt)) ?? []
        for film in films where !used.contains(film) { await submit(.leadLate(AgentResult(video: film))) }
    }

    /// Waits until the lead's rate limit allows the next call. A changed system clock does not extend the wait.
    private func waitForRateLimit() async throws {
        guard let time = machine.leadNotBefore else { return }
        let requested = time.milliseconds - machine.updatedAt.milliseconds
        let wait = min(time.milliseconds - Timestamp.now.milliseconds, max(requested, 0))
        // trusted: whole milliseconds that fit the deadline
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
    }

    // MARK: - Agents before the lead

    /// Calls an agent before the lead once, if it is needed.
    ///
    /// - Parameter isFirst: whether this is the agent's first call in the run.
    /// - Throws: the error of reading the storyboard; failures of the agent are events.
    func callAgent(
        _ agent: ChainAgent, isFirst: Bool, _ spec: JobSpec, startedAt: Timestamp
    ) async throws -> JobEvent {
        guard await services.needs(agent, spec) else { return .agentSkipped(agent) }
        if isFirst { await submit(.agentBegun(agent)) }
        let storyboard = try await services.storyboard(for: agent, spec)
        let services = self.services
        do {
            try await breakers.admit(agent.rawValue, job: jobID)
            let completion = try await callWithTimeouts(
                LeadTimeouts(agent.agent, LeadTimeouts.Bounds()), start: .now
            ) { onActivity in
                try await services.call(agent, spec, storyboard: storyboard, onActivity)
            } progressEvent: { report in
                .agentProgress(agent, fraction: report.fraction, message: report.message)
            }
            switch completion {
            case .answered(let result):
                try AgentResultCheck.check(result, of: agent.agent, job: jobID, segments: [])
                return .agentDone(agent, result, startedAt: startedAt)
            case .expired(let error, _): throw error
            }
        } catch {
            let failure = ServiceError(wrapping: error)
            if failure.kind == .cancelled, Task.isCancelled { throw failure }
            let inputsExist = await services.hasInputs(of: agent, spec)
            return .agentFailed(agent, failure, inputsExist: inputsExist, startedAt: startedAt)
        }
    }

    // MARK: -

    /// Makes a call under its timeouts, and submits its progress: the first report at once, then the latest report after each pause of
    /// `ProgressThrottle`.
    private func callWithTimeouts<T: Sendable>(
        _ timeouts: LeadTimeouts, start: ContinuousClock.Instant,
        _ call: @escaping @Sendable (_ onActivity: @escaping @Sendable (AgentActivity) -> Void) async throws -> T,
        progressEvent: @escaping @Sendable (ProgressReport) -> JobEvent
    ) async throws -> LeadTimeoutMonitor.Completion<T> {
        let (reports, input) = AsyncStream.makeStream(
            of: ProgressReport.self, bufferingPolicy: .bufferingNewest(1))
        let reporter = Task {
            var count = 0
            for await var report in reports {
                report.message = report.message.bounded(to: TextBound.message)
                await submit(progressEvent(report))
                count += 1
                try? await Task.sleep(for: ProgressThrottle.pause(after: count))
            }
        }
        defer {
            input.finish()
            reporter.cancel()
        }
        return try await LeadTimeoutMonitor.run(timeouts, start: start) { onActivity in
            try await call { activity in
                onActivity(activity)
                if case .progress(let report) = activity { input.yield(report) }
            }
        }
    }
}
