import Breaker
import Contracts
import Faults
import Logging

/// The breakers of the image providers: whether a provider that fails again and again is still asked.
///
/// They belong to `imagegen` alone: the orchestrator asks for them and forwards what an operator does to them. All replicas of a
/// machine share them.
actor ProviderBreakers {
    private let files: BreakerFiles?
    private let bounds: BreakerMachine.Bounds
    private let logger: Logger
    /// As they were last seen; those that could not be stored hold while this process lives.
    private var machines: [String: BreakerMachine] = [:]
    private var unstored: Set<String> = []

    /// - Parameter files: in memory alone if absent.
    init(files: BreakerFiles? = nil, bounds: BreakerMachine.Bounds = .init(), logger: Logger) {
        self.files = files
        self.bounds = bounds
        self.logger = logger
    }

    /// Asks whether a provider may be asked.
    ///
    /// - Parameter caller: the job, or the call where it belongs to none: while the breaker is half open, all calls of one caller probe.
    /// - Returns: what shows that the call probes, to be kept until it has ended.
    /// - Throws: `unavailable` that names the breaker and says when it probes.
    func admit(_ provider: String, caller: String) async throws(ServiceError) -> ProbeHold? {
        var isAdmitted = true
        var probe: ProbeHold?
        await change(provider) { machine in
            // A probe whose process has ended tells nothing any more.
            if case .halfOpen(let other) = machine.state, other != caller, files?.isProbed(provider) == false {
                machine.released(by: other, at: .now)
            }
            isAdmitted = machine.admit(caller, at: .now)
            if isAdmitted, machine.state == .halfOpen(probe: caller) { probe = files?.probe(provider) }
        }
        if !isAdmitted { throw await view(of: provider).refusal }
        return probe
    }

    func succeeded(_ provider: String) async {
        await change(provider) { $0.succeeded(at: .now) }
    }

    func failed(_ provider: String, _ kind: ErrorKind, caller: String) async {
        await change(provider) { $0.failed(kind, job: caller, at: .now, bounds) }
    }

    /// The call says nothing of the provider.
    func released(_ provider: String, caller: String) async {
        await change(provider) { $0.released(by: caller, at: .now) }
    }

    /// Does what an operator asks for; it is on the disk before it is confirmed.
    func apply(_ action: BreakerAction, to provider: String) async -> BreakerView {
        await change(provider) { $0.apply(action, at: .now) }
        return await view(of: provider)
    }

    /// `nil` for a provider that was not asked yet.
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
        let claim = await files?.claim(provider)
        defer { withExtendedLifetime(claim) {} }
        let before = current(provider)
        var machine = before ?? BreakerMachine(at: .now)
        body(&machine)
        machines[provider] = machine
        // One that never failed need not be remembered.
        let isFresh = machine.state == .closed && machine.failures == 0 && machine.hold == nil
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
