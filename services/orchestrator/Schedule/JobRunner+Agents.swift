import Contracts
import Faults
import JSONRPC
import Untrusted

/// How agents are called: through their breakers, and held to a clock.
extension JobRunner {
    func callLead(_ spec: JobSpec, _ plan: JobPlan, startedAt: Timestamp) async throws -> JobEvent {
        do {
            try await breakers.admit(Agent.lead.service, job: jobID)
        } catch {
            return .leadBarred(error)
        }
        let start = leadStart ?? .now
        leadStart = start
        try await waitAsTold()
        var spec = spec
        // What is spent, or may be, or is reserved, cannot be spent a second time.
        spec.options.maxCost = machine.leadBudget
        let key = "\(jobID)/lead/\(machine.leadCall)"
        let options = spec.options
        let bounds = LeadClock.Bounds(
            whole: options.agent5Timeout ?? JobDefaults.agent5Timeout, queue: options.agent5Queue,
            firstProgress: options.agent5FirstProgress, stall: options.agent5Stall ?? JobDefaults.agent5Stall)
        let calledAt = Double(start.duration(to: .now).milliseconds) / 1000
        let (studio, ordered) = (self.studio, spec)
        let wish = machine.leadWish
        let hedge = await hedgeLater(spec.options)
        defer { hedge?.cancel() }
        let ending = try await hold(LeadClock(.lead, bounds, calledAt: calledAt), start: start) { hears in
            try await studio.lead(ordered, plan, wish, key: key, hears)
        } tell: { report in
            .leadProgress(fraction: report.fraction, message: report.message)
        }
        switch ending {
        case .answered(let result):
            try AgentAnswer.check(
                result, of: .lead, job: jobID, segments: plan.segments.map(\.id))
            return .leadDelivered(result, startedAt: startedAt)
        case .expired(var error, let late):
            switch late {
            case .success(let result):
                do throws(ServiceError) {
                    try AgentAnswer.check(
                        result, of: .lead, job: jobID, segments: plan.segments.map(\.id))
                    await feed(.leadLate(result))
                } catch let refusal {
                    (error.wasted, error.unknown) = (refusal.wasted, refusal.unknown)
                }
            case .failure(let end):
                (error.wasted, error.unknown) = (end.wasted, end.unknown)
                if end.isUnsettled { error.message += "; it did not report what it had ordered" }
            }
            return .leadFailed(error, startedAt: startedAt)
        }
    }

    /// A lead that was given up may have put a film into its folder all the same.
    func collectLate() async {
        guard let plan = machine.plan, let takeover = machine.takeover,
            takeover.kind == .timeout || takeover.kind == .unavailable,
            let first = machine.attempts.first(where: { $0.agent == .lead })
        else { return }
        let used = Set(machine.segments.compactMap(\.clip))
        let films = (try? await studio.films(machine.spec, plan, since: first.startedAt)) ?? []
        for film in films where !used.contains(film) { await feed(.leadLate(AgentResult(video: film))) }
    }

    /// Leaves the lead alone for as long as it asked, however the clock on the wall is set meanwhile.
    private func waitAsTold() async throws {
        guard let moment = machine.leadNotBefore else { return }
        let told = moment.milliseconds - machine.updatedAt.milliseconds
        let wait = min(moment.milliseconds - Timestamp.now.milliseconds, max(told, 0))
        // trusted: whole milliseconds that fit the deadline
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
    }

    // MARK: - The agents before it

    func callAgent(
        _ agent: ChainAgent, isFirst: Bool, _ spec: JobSpec, startedAt: Timestamp
    ) async throws -> JobEvent {
        guard await studio.needs(agent, spec) else { return .agentSkipped(agent) }
        if isFirst { await feed(.agentBegun(agent)) }
        let storyboard = try await studio.storyboard(for: agent, spec)
        let studio = self.studio
        do {
            try await breakers.admit(agent.rawValue, job: jobID)
            let ending = try await hold(LeadClock(agent.agent, LeadClock.Bounds()), start: .now) { hears in
                try await studio.call(agent, spec, storyboard: storyboard, hears)
            } tell: { report in
                .agentProgress(agent, fraction: report.fraction, message: report.message)
            }
            switch ending {
            case .answered(let result):
                try AgentAnswer.check(result, of: agent.agent, job: jobID, segments: [])
                return .agentDone(agent, result, startedAt: startedAt)
            case .expired(let error, _): throw error
            }
        } catch {
            let failure = ServiceError(wrapping: error)
            if failure.kind == .cancelled, Task.isCancelled { throw failure }
            let inputsExist = await studio.hasInputs(of: agent, spec)
            return .agentFailed(agent, failure, inputsExist: inputsExist, startedAt: startedAt)
        }
    }

    // MARK: -

    /// Holds a call to its clock and reports the job's progress: the first report at once, then the last one of each pause of
    /// `ProgressPace`, however many there are.
    private func hold<T: Sendable>(
        _ clock: LeadClock, start: ContinuousClock.Instant,
        _ call: @escaping @Sendable (_ hears: @escaping @Sendable (AgentSign) -> Void) async throws -> T,
        tell: @escaping @Sendable (ProgressReport) -> JobEvent
    ) async throws -> LeadWatch.Ending<T> {
        let (reports, input) = AsyncStream.makeStream(
            of: ProgressReport.self, bufferingPolicy: .bufferingNewest(1))
        let teller = Task {
            var count = 0
            for await var report in reports {
                report.message = report.message.bounded(to: TextBound.message)
                await feed(tell(report))
                count += 1
                try? await Task.sleep(for: ProgressPace.pause(after: count))
            }
        }
        defer {
            input.finish()
            teller.cancel()
        }
        return try await LeadWatch.hold(clock, start: start) { hears in
            try await call { sign in
                hears(sign)
                if case .progress(let report) = sign { input.yield(report) }
            }
        }
    }
}
