// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct FaultCauseTests {
    @Test
    func `a cause is encoded as provider_code and decoded from it`() throws {
        for cause in FaultCause.allCases {
            let error = ServiceError(.unavailable, "x", cause: cause)
            let json = try JSONCoding.convert(error, to: JSONValue.self)
            #expect(json["data"]?["provider_code"] == .string(cause.rawValue))
            #expect(try JSONCoding.convert(json, to: ServiceError.self).cause == cause)
        }
        #expect(ServiceError(.unavailable, "x", providerCode: "503").cause == nil)
        #expect(ServiceError(.unavailable, "x").cause == nil)
    }

    @Test
    func `the codes that other modules send have a cause`() {
        let codes = [
            (ServicePools.noReplica, FaultCause.noReplica), (ServicePools.replicaLost, .replicaLost),
            (ServicePools.replicaUnreachable, .replicaUnreachable),
            (ServicePools.replicaBroken, .replicaBroken),
            (RPCConnection.notSettled, .notSettled), ("ENOSPC", .diskFull), ("EROFS", .readOnly),
            ("breaker_open", .breakerOpen),
        ]
        for (code, cause) in codes { #expect(ServiceError(.unavailable, "x", providerCode: code).cause == cause) }
    }

    @Test(arguments: [
        (FaultCause.diskFull, true), (.readOnly, true), (.ioError, true), (.staleHandle, true), (.hostDown, true),
        (.noReplica, false), (.replicaUnreachable, true), (.replicaLost, true), (.replicaBroken, false),
        (.notSettled, false), (.breakerOpen, false),
    ])
    func `a job waits out transient causes only`(_ cause: FaultCause, _ isPassing: Bool) {
        #expect(OutageBackoff.isTransient(ServiceError(.unavailable, "x", cause: cause)) == isPassing)
    }

    @Test
    func `the protocol's documentation names every cause`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let text = try String(contentsOf: root.appending(path: "docs/wire.md"), encoding: .utf8)
        for cause in FaultCause.allCases { #expect(text.contains("`\(cause.rawValue)`"), "\(cause.rawValue)") }
    }
}
