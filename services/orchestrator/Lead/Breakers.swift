import Breaker
import Contracts
import Faults
import Logging

/// The breakers of all agents, stored so that a restart does not forget them. Those of image providers belong to `imagegen`.
actor Breakers {
    /// The agents that have a breaker.
    static let agents = [Agent.agent2, .agent4, .lead].map(\.service)

    private let store: any BreakerRecords
    private let bounds: BreakerMachine.Bounds
    private let logger: Logger
    private var machines: [String: BreakerMachine]
    /// Of image providers, as earlier versions stored them.
    private var inherited: [String: BreakerMachine]

    /// - Throws: `unavailable` where the store cannot be read.
    init(store: any BreakerRecords, bounds: BreakerMachine.Bounds = .init(), logger: Logger) throws {
        self.store = store
        self.bounds = bounds
        self.logger = logger
        let stored = try store.breakers()
        machines = stored.filter { Self.agents.contains($0.key) }
        inherited = stored.filter { $0.key.hasPrefix(BreakerView.imagePrefix) }
    }

    /// Passes on the image providers' breakers that an earlier version stored here: what an operator set by hand is set in `imagegen`,
    /// which learns the rest by itself.
    ///
    /// - Parameter set: sets a provider's breaker.
    func handOver(_ set: (_ provider: String, _ action: BreakerAction) async throws -> Void) async throws {
        for (name, machine) in inherited {
            let provider = String(name.dropFirst(BreakerView.imagePrefix.count))
            do {
                if let hold = machine.hold { try await set(provider, hold == .open ? .open : .close) }
            } catch let error as ServiceError where error.kind == .invalidParams {
                logger.notice("a breaker of no image provider is forgotten", metadata: ["breaker": "\(name)"])
            }
            try await store.forgetBreaker(name)
            inherited[name] = nil
        }
    }

    /// Asks whether a job may call.
    ///
    /// - Throws: `unavailable` that names the breaker and says when it probes.
    func admit(_ name: String, job: String) async throws(ServiceError) {
        var isAdmitted = true
        change(name) { isAdmitted = $0.admit(job, at: .now) }
        if !isAdmitted { throw view(name).refusal }
    }

    func succeeded(_ name: String) async {
        change(name) { $0.succeeded(at: .now) }
    }

    func failed(_ name: String, _ error: ServiceError, job: String) async {
        change(name) { $0.failed(error.kind, job: job, at: .now, bounds) }
    }

    /// A job that came to its end probes nobody any more.
    func released(by job: String) async {
        for name in machines.keys { change(name) { $0.released(by: job, at: .now) } }
    }

    /// Jobs that are no more probe nobody.
    ///
    /// - Parameter jobs: those that go on.
    func keepProbes(of jobs: Set<String>) async {
        for (name, machine) in machines {
            if case .halfOpen(let probe) = machine.state, !jobs.contains(probe) {
                change(name) { $0.released(by: probe, at: .now) }
            }
        }
    }

    func apply(_ action: BreakerAction, to name: String) async -> BreakerView {
        change(name) { $0.apply(action, at: .now) }
        // An operator's decision is on the disk before it is confirmed.
        try? await store.settle()
        return view(name)
    }

    // MARK: -

    private func view(_ name: String) -> BreakerView {
        (machines[name] ?? BreakerMachine(at: .now)).view(of: name)
    }

    private func change(_ name: String, _ body: (inout BreakerMachine) -> Void) {
        let before = machines[name]
        var machine = before ?? BreakerMachine(at: .now)
        body(&machine)
        machines[name] = machine
        guard let before else {
            // One that never did anything need not be remembered.
            if machine.view(of: name).state == .closed, machine.failures == 0, machine.hold == nil { return }
            return keep(name, machine)
        }
        if machine != before { keep(name, machine) }
    }

    /// Stores a breaker without waiting for the disk, on which every job would wait in turn. A breaker that cannot be stored
    /// still holds while this process lives.
    private func keep(_ name: String, _ machine: BreakerMachine) {
        let logger = logger
        let failed: @Sendable (any Error) -> Void = { error in
            logger.error("a breaker cannot be stored", metadata: ["breaker": "\(name)", "error": "\(error)"])
        }
        do {
            try store.keep(machine, name: name, failed: failed)
        } catch {
            failed(error)
        }
    }
}
