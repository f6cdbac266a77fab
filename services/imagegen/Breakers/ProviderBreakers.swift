import Breaker
import Contracts
import JSONRPC

/// Which providers of the chain are not asked for a while, because they failed three times in a row.
actor ProviderBreakers {
    private var machines: [String: BreakerMachine] = [:]

    func admits(_ provider: String, call: String) -> Bool {
        machines[provider, default: BreakerMachine(at: .now)].admit(call, at: .now)
    }

    func succeeded(_ provider: String) {
        machines[provider, default: BreakerMachine(at: .now)].succeeded(at: .now)
    }

    func failed(_ provider: String, _ kind: ErrorKind, call: String) {
        machines[provider, default: BreakerMachine(at: .now)].failed(kind, job: call, at: .now, .init())
    }

    /// Nobody knows how it would have ended.
    func released(_ provider: String, call: String) {
        machines[provider, default: BreakerMachine(at: .now)].released(by: call, at: .now)
    }

    /// `nil` for a provider that was not asked yet.
    func state(of provider: String) -> BreakerState? {
        machines[provider]?.view(of: provider).state
    }
}
