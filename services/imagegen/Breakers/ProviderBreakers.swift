// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import Logging

/// The circuit breakers of the image providers.
///
/// They belong to `imagegen` alone: the orchestrator queries them and forwards overrides of an operator. All replicas of a machine
/// share them.
actor ProviderBreakers {
    private let files: BreakerFiles?
    private let bounds: BreakerMachine.Bounds
    private let logger: Logger
    /// The last known breakers. A breaker that could not be stored is valid until this process ends.
    private var machines: [String: BreakerMachine] = [:]
    private var unstored: Set<String> = []

    /// - Parameters:
    ///   - files: The stored breakers; `nil` to keep breakers in memory only.
    ///   - bounds: The thresholds and cool-downs.
    ///   - logger: Logs breakers that cannot be stored.
    init(files: BreakerFiles? = nil, bounds: BreakerMachine.Bounds = .init(), logger: Logger) {
        self.files = files
        self.bounds = bounds
        self.logger = logger
    }

    /// Admits a call to a provider.
    ///
    /// - Parameters:
    ///   - provider: The provider's name.
    ///   - caller: The job, or a unique name for a call without a job. While the breaker is half-open, all calls of one caller
    ///     probe.
    /// - Returns: The mark of a probing call, to be retained until the call has ended; `nil` for other calls.
    /// - Throws: `unavailable` that names the breaker and the time of its next probe.
    func admit(_ provider: String, caller: String) async throws(ServiceError) -> ProbeLock? {
        var isAdmitted = true
        var probe: ProbeLock?
        await change(provider) { machine in
            // A probe whose process has ended will not report a result.
            if case .halfOpen(let other) = machine.state, other != caller, files?.isProbed(provider) == false {
                machine.releaseProbe(of: other, at: .now)
            }
            isAdmitted = machine.admit(caller, at: .now)
            if isAdmitted, machine.state == .halfOpen(probe: caller) { probe = files?.probe(provider) }
        }
        if !isAdmitted { throw await view(of: provider).rejection }
        return probe
    }

    /// Records a successful call.
    func succeeded(_ provider: String) async {
        await change(provider) { $0.succeeded(at: .now) }
    }

    /// Records a failed call.
    func failed(_ provider: String, _ kind: ErrorKind, caller: String) async {
        await change(provider) { $0.failed(kind, job: caller, at: .now, bounds) }
    }

    /// Records a call that ended without showing the state of the provider.
    func released(_ provider: String, caller: String) async {
        await change(provider) { $0.releaseProbe(of: caller, at: .now) }
    }

    /// Applies an operator's action; it is stored before this method returns.
    func apply(_ action: BreakerAction, to provider: String) async -> BreakerView {
        await change(provider) { $0.apply(action, at: .now) }
        return await view(of: provider)
    }

    /// The state of a provider's breaker; `nil` if the provider has not been called.
    func state(of provider: String) -> BreakerState? { current(provider)?.view(of: provider).state }

    // MARK: -

    private func view(of provider: String) async -> BreakerView {
        (current(provider) ?? BreakerMachine(at: .now)).view(of: BreakerView.imagePrefix + provider)
    }

    private func current(_ provider: String) -> BreakerMachine? {
        if !unstored.contains(provider), let stored = files?.read(provider) { machines[provider] = stored }
        return machines[provider]
    }

    private func change(_ provider: String, _ body: (inout BreakerMachine) -> Void) async {
        let lock = await files?.lock(provider)
        defer { withExtendedLifetime(lock) {} }
        let before = current(provider)
        var machine = before ?? BreakerMachine(at: .now)
        body(&machine)
        machines[provider] = machine
        // A breaker without failures need not be stored.
        let isFresh = machine.state == .closed && machine.failures == 0 && machine.override == nil
        guard let files, machine != before, before != nil || !isFresh else { return }
        do {
            try files.write(machine, provider)
            unstored.remove(provider)
        } catch {
            unstored.insert(provider)
            logger.error("a breaker cannot be stored", metadata: ["breaker": "\(provider)", "error": "\(error)"])
        }
    }
}
