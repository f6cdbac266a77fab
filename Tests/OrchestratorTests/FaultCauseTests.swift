import Faults
import JSON
import JSONRPC
import ServicePool
import Testing

@testable import Orchestrator

@Suite struct FaultCauseTests {
    @Test("a cause is the wire's provider_code, both ways")
    func wire() throws {
        for cause in FaultCause.allCases {
            let error = ServiceError(.unavailable, "x", cause: cause)
            let json = try JSONCoding.convert(error, to: JSONValue.self)
            #expect(json["data"]?["provider_code"] == .string(cause.rawValue))
            #expect(try JSONCoding.convert(json, to: ServiceError.self).cause == cause)
        }
        #expect(ServiceError(.unavailable, "x", providerCode: "503").cause == nil)
        #expect(ServiceError(.unavailable, "x").cause == nil)
    }

    @Test("codes that other parts of the system send have a cause")
    func codes() {
        let codes = [
            (ServicePools.replicaLost, FaultCause.replicaLost), (ServicePools.replicaBroken, .replicaBroken),
            (RPCConnection.notSettled, .notSettled), ("ENOSPC", .diskFull), ("EROFS", .readOnly),
            ("breaker_open", .breakerOpen),
        ]
        for (code, cause) in codes { #expect(ServiceError(.unavailable, "x", providerCode: code).cause == cause) }
    }

    @Test(
        "a job waits for what heals by itself",
        arguments: [
            (FaultCause.diskFull, true), (.readOnly, true), (.ioError, true), (.staleHandle, true), (.hostDown, true),
            (.replicaLost, true), (.replicaBroken, false), (.notSettled, false), (.breakerOpen, false),
        ])
    func passing(_ cause: FaultCause, _ isPassing: Bool) {
        #expect(StoreHold.isPassing(ServiceError(.unavailable, "x", cause: cause)) == isPassing)
    }
}
