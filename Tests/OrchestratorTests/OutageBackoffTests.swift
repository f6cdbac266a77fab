// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct OutageBackoffTests {
    @Test
    func `pauses double up to a bound and end with the total time`() {
        var backoff = OutageBackoff(OutageBackoff.Bounds(total: 4, firstPause: 0.5, longestPause: 2))
        #expect(!backoff.hasWaited)
        var pauses: [Double] = []
        while let pause = backoff.nextPause() { pauses.append(pause) }
        #expect(pauses == [0.5, 1, 2, 0.5])
        #expect(backoff.waited == 4 && backoff.hasWaited)
    }

    @Test
    func `a job waits while the disk is full and reports it`() async throws {
        try await JobFixture.withFolder { folder in
            let full = ServiceError(.unavailable, "the disk is full", providerCode: "ENOSPC")
            let counter = CallCounter()
            let services = FakeJobServices(onDraw: { _, _ in if counter.next() < 5 { throw full } })
            let bounds = OutageBackoff.Bounds(total: 60, firstPause: 0.001, longestPause: 0.001)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services, bounds)
            let (messages, receipt) = try await JobFixture.run(registry, entry: .fallback)
            #expect(messages.last?.status == .finished)
            #expect(messages.contains { $0.message == "the job waits: the disk is full" })
            #expect(messages.contains { $0.message == "the job continues" })
            #expect(receipt.attempts.allSatisfy { $0.error == nil })
        }
    }

    @Test
    func `a job fails with the reason if the disk stays full for too long`() async throws {
        try await JobFixture.withFolder { folder in
            let full = ServiceError(.unavailable, "the disk is full", providerCode: "ENOSPC")
            let services = FakeJobServices(onDraw: { _, _ in throw full })
            let bounds = OutageBackoff.Bounds(total: 0.01, firstPause: 0.001, longestPause: 0.001)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services, bounds)
            let (messages, _) = try await JobFixture.run(registry, entry: .fallback)
            #expect(messages.last?.status == .error)
            #expect(messages.last?.message.contains("the disk is full; retried for ") == true)
        }
    }

    @Test
    func `a provider's own disk error is not waited out`() {
        #expect(!OutageBackoff.isTransient(ServiceError(.unavailable, "", provider: "acme", providerCode: "ENOSPC")))
        #expect(!OutageBackoff.isTransient(ServiceError(.unavailable, "no replica")))
        #expect(!OutageBackoff.isTransient(ServiceError(.corruptMedia, "", providerCode: "EIO")))
    }
}
