import Breaker
import Contracts
import JSONRPC
import Logging

/// The breakers of all agents and image providers: kept in the store, so that a restart does not forget who is down.
actor Breakers {
    /// The agents that have a breaker, beside the image providers.
    static let agents = [Agent.agent2, .agent4, .lead].map(\.service)
    static let imagePrefix = "imagegen/"

    private let store: JobStore
    private let bounds: BreakerMachine.Bounds
    private let logger: Logger
    private var machines: [String: BreakerMachine]
    /// Who draws where no provider is named, as far as that was seen.
    private var defaultImageProvider: String?

    /// - Throws: `unavailable` where the store cannot be read.
    init(store: JobStore, bounds: BreakerMachine.Bounds = .init(), logger: Logger) throws {
        self.store = store
        self.bounds = bounds
        self.logger = logger
        machines = try store.breakers()
    }

    /// Asks whether a job may call.
    ///
    /// - Throws: `unavailable` that names the breaker and says when it probes.
    func admit(_ name: String, job: String) async throws(ServiceError) {
        var isAdmitted = true
        change(name) { isAdmitted = $0.admit(job, at: .now) }
        if !isAdmitted { throw Self.refusal(view(name)) }
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

    /// The image providers that were seen, by their breakers' names.
    var knownProviders: [String] { machines.keys.filter { $0.hasPrefix(Self.imagePrefix) } }

    // MARK: - Image providers

    /// - Parameter provider: as the call will name it; `nil` for the default one.
    /// - Throws: as `admit`.
    func admitImages(_ provider: String?, job: String) async throws(ServiceError) {
        guard let provider = provider ?? defaultImageProvider else { return }
        try await admit(Self.imagePrefix + provider, job: job)
    }

    /// - Parameters:
    ///   - asked: the provider that the call named.
    ///   - drew: the one that drew, or failed; `nil` where nobody said.
    func imageDone(asked: String?, drew: String?, error: ServiceError?, job: String) async {
        if asked == nil, let drew { defaultImageProvider = drew }
        guard let provider = drew ?? asked else { return }
        if let error {
            await failed(Self.imagePrefix + provider, error, job: job)
        } else {
            await succeeded(Self.imagePrefix + provider)
        }
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

    private static func refusal(_ view: BreakerView) -> ServiceError {
        let reason =
            if view.forced {
                "is held open by hand: orchestrator.breaker with the action reset lets it go"
            } else if let moment = view.probesAt {
                "is open after \(view.failures) failures in a row and probes at \(moment.text)"
            } else {
                "is half open: another job probes now"
            }
        let provider = view.agent.hasPrefix(imagePrefix) ? String(view.agent.dropFirst(imagePrefix.count)) : nil
        return ServiceError(
            .unavailable, "the breaker \(view.agent) \(reason)", retryable: false, provider: provider,
            cause: .breakerOpen)
    }
}
