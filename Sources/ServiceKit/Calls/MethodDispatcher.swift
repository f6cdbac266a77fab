import FoundationEssentials
import JSONRPC
import Logging
import Untrusted

/// Answers the calls of a service's methods.
final class MethodDispatcher: Dispatcher {
    private let registry: MethodRegistry
    private let ledger: CallLedger
    private let logger: Logger

    init(registry: MethodRegistry, ledger: CallLedger, logger: Logger) {
        self.registry = registry
        self.ledger = ledger
        self.logger = logger
    }

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        guard let handler = registry[call.method] else {
            let near = registry.names.joined(separator: ", ")
            let name = call.method.bounded(to: TextBound.quotation).printable()
            throw ServiceError(.methodNotFound, "no method \"\(name)\" here; there are \(near)")
        }
        // System methods answer even while the service drains or is full.
        let isSystem = handler.name.hasPrefix(SystemMethod.prefix)
        if !isSystem { try ledger.enter(handler.name, load: handler.load) }
        let started = ContinuousClock.now
        var failure: ServiceError?
        var result = Data("null".utf8)
        do {
            let data = try await CallContext.$peer.withValue(call.peer) {
                try await CallContext.$holdings.withValue(CallHoldings()) { try await handler.answer(call) }
            }
            if let data { result = data }
        } catch {
            failure = ServiceError(wrapping: error)
        }
        if !isSystem {
            let seconds = started.duration(to: .now) / .seconds(1)
            ledger.leave(handler.name, load: handler.load, seconds: seconds, failure: failure?.kind)
            log(call, seconds, failure)
        }
        if let failure { throw failure }
        return result
    }

    private func log(_ call: Call, _ seconds: Double, _ failure: ServiceError?) {
        var metadata: Logger.Metadata = ["method": "\(call.method)", "seconds": "\(Self.decimal(seconds))"]
        guard let failure else {
            logger.debug("answered", metadata: metadata)
            return
        }
        metadata["kind"] = "\(failure.kind.rawValue)"
        metadata["message"] = "\(failure.message)"
        let level: Logger.Level =
            switch failure.kind {
            case .internal: .error
            // A caller that goes away is the usual end of a watch.
            case .cancelled: .debug
            default: .info
            }
        logger.log(level: level, "failed", metadata: metadata)
    }

    /// Seconds with six decimals: a call may take less than a millisecond.
    private static func decimal(_ seconds: Double) -> String {
        let microseconds = Int64(clamping: (seconds * 1_000_000).rounded())
        let fraction = "\(microseconds % 1_000_000)"
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
