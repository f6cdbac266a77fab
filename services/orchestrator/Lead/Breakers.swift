// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import Logging

/// The circuit breakers of the agents, stored across restarts. Those of image providers belong to `imagegen`.
///
/// `BreakerMachine` decides; this actor stores its state and serializes access.
actor Breakers {
    /// The names of the agents that have a breaker.
    static let agents = [Agent.agent2, .agent4, .lead].map(\.service)

    private let store: any BreakerRecords
    private let bounds: BreakerMachine.Bounds
    private let logger: Logger
    private var machines: [String: BreakerMachine]
    /// Breakers of image providers that an earlier version stored.
    private var legacyImageBreakers: [String: BreakerMachine]

    /// - Parameters:
    ///   - store: where the breakers are stored.
    ///   - bounds: when a breaker opens, and for how long.
    /// - Throws: `unavailable` if the store cannot be read.
    init(store: any BreakerRecords, bounds: BreakerMachine.Bounds = .init(), logger: Logger) throws {
        self.store = store
        self.bounds = bounds
        self.logger = logger
        let stored = try store.breakers()
        machines = stored.filter { Self.agents.contains($0.key) }
        legacyImageBreakers = stored.filter { $0.key.hasPrefix(BreakerView.imagePrefix) }
    }

    /// Moves the image providers' breakers to `imagegen`: applies operators' overrides there, and removes the stored breakers.
    ///
    /// - Parameter set: applies an action to a provider's breaker.
    func migrateImageBreakers(_ set: (_ provider: String, _ action: BreakerAction) async throws -> Void) async throws {
        for (name, machine) in legacyImageBreakers {
            let provider = String(name.dropFirst(BreakerView.imagePrefix.count))
            do {
                if let override = machine.override { try await set(provider, override == .open ? .open : .close) }
            } catch let error as ServiceError where error.kind == .invalidParams {
                logger.notice("removed the breaker of an unknown image provider", metadata: ["breaker": "\(name)"])
            }
            try await store.removeBreaker(name)
            legacyImageBreakers[name] = nil
        }
    }

    /// Admits a job's call.
    ///
    /// - Parameters:
    ///   - name: the name of the breaker.
    ///   - job: the id of the job.
    /// - Throws: `unavailable` with the breaker's name and the time of its next probe, if the breaker rejects the call.
    func admit(_ name: String, job: String) async throws(ServiceError) {
        var isAdmitted = true
        change(name) { isAdmitted = $0.admit(job, at: .now) }
        if !isAdmitted { throw view(name).rejection }
    }

    /// Records a successful call.
    func succeeded(_ name: String) async {
        change(name) { $0.succeeded(at: .now) }
    }

    /// Records a failed call of a job.
    func failed(_ name: String, _ error: ServiceError, job: String) async {
        change(name) { $0.failed(error.kind, job: job, at: .now, bounds) }
    }

    /// Gives up the probes of a job that ended.
    func releaseProbes(of job: String) async {
        for name in machines.keys { change(name) { $0.releaseProbe(of: job, at: .now) } }
    }

    /// Gives up the probes of all jobs that did not survive a restart.
    ///
    /// - Parameter jobs: the ids of the jobs that continue.
    func releaseProbes(except jobs: Set<String>) async {
        for (name, machine) in machines {
            if case .halfOpen(let probe) = machine.state, !jobs.contains(probe) {
                change(name) { $0.releaseProbe(of: probe, at: .now) }
            }
        }
    }

    /// Applies an operator's action. It is stored durably before the method returns.
    func apply(_ action: BreakerAction, to name: String) async -> BreakerView {
        change(name) { $0.apply(action, at: .now) }
        try? await store.flush()
        return view(name)
    }

    /// The names of the breakers that are open, sorted.
    func open() -> [String] {
        machines.keys.filter { view($0).state == .open }.sorted()
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
            // A new breaker that never recorded anything need not be stored.
            if machine.view(of: name).state == .closed, machine.failures == 0, machine.override == nil { return }
            return save(name, machine)
        }
        if machine != before { save(name, machine) }
    }

    /// Stores a breaker without waiting for the disk, because every job would wait in turn. A breaker that cannot be stored stays in
    /// effect until the process exits.
    private func save(_ name: String, _ machine: BreakerMachine) {
        let logger = logger
        let failed: @Sendable (any Error) -> Void = { error in
            logger.error("a breaker cannot be stored", metadata: ["breaker": "\(name)", "error": "\(error)"])
        }
        do {
            try store.saveBreaker(machine, name: name, onFailure: failed)
        } catch {
            failed(error)
        }
    }
}
