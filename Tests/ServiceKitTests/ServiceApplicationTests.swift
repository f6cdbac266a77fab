// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServiceLifecycle
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct ServiceApplicationTests {
    private static let echo = MethodHandler(HostFixture.echo) { $0 }

    @Test
    func `a service is published only after it is prepared`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let events = EventRecorder()
        var application = ServiceApplication(methods: [Self.echo])
        application.services = [RecordingService(name: "part", events: events)]
        application.prepare = {
            events.record("prepare began")
            for await _ in gate { break }
        }
        let failure = try await HostFixture.with(application) { host in
            try await events.wait(for: "prepare began")
            try await events.wait(for: "part began")
            // A pause, not a wait for a condition: the service must not be published for some time.
            try await Task.sleep(for: .milliseconds(50))
            #expect(!host.isPublished)
            open.yield()
            let connection = try await host.connect()
            #expect(try await connection.call(HostFixture.echo, .init(text: "a")).text == "a")
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        }
        #expect(failure == nil)
    }

    @Test
    func `a service whose preparation fails ends with the error and is never published`() async throws {
        var application = ServiceApplication(methods: [Self.echo])
        application.prepare = { throw ServiceError(.conflict, "the file is damaged") }
        var wasPublished = false
        let failure = try await HostFixture.with(application) { host in
            // The service must not be published at any time.
            for _ in 0..<20 {
                wasPublished = wasPublished || host.isPublished
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect((failure as? ServiceError)?.message == "the file is damaged")
        #expect(!wasPublished)
    }

    @Test
    func `a service that is stopped during its preparation stops immediately and drains`() async throws {
        let events = EventRecorder()
        var application = ServiceApplication(methods: [Self.echo])
        application.prepare = {
            events.record("prepare began")
            try await Task.sleep(for: .seconds(3600))
        }
        application.drain = { events.record("drain") }
        let failure = try await HostFixture.with(application) { host in
            try await events.wait(for: "prepare began")
            await host.group.triggerGracefulShutdown()
        }
        #expect(failure == nil)
        #expect(events.all == ["prepare began", "drain"])
    }

    @Test
    func `shutdown unpublishes, rejects new calls, lets calls end, then stops services in reverse order`() async throws
    {
        let events = EventRecorder()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let work = MethodHandler(HostFixture.work) { request in
            events.record("call began")
            for await _ in gate { break }
            events.record("call ended")
            return request
        }
        var application = ServiceApplication(methods: [Self.echo, work])
        application.services = ["first", "second"].map { RecordingService(name: $0, events: events) }
        application.drain = { events.record("drain") }
        try await HostFixture.with(application) { host in
            let connection = try await host.connect()
            let call = Task { try await connection.call(HostFixture.work, .init(text: "w")) }
            try await events.wait(for: "call began")
            await host.group.triggerGracefulShutdown()
            try await events.wait(for: "drain")
            #expect(!host.isPublished)
            let rejection = await #expect(throws: ServiceError.self) {
                try await connection.call(HostFixture.echo, .init(text: "e"))
            }
            #expect(rejection?.kind == .busy)
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .draining)
            open.yield()
            #expect(try await call.value.text == "w")
        }
        let ends = events.all.filter { !$0.hasSuffix("began") }
        #expect(ends == ["drain", "call ended", "second ended", "first ended"])
    }

    @Test
    func `a call that does not end within the drain period is cancelled`() async throws {
        let events = EventRecorder()
        let work = MethodHandler(HostFixture.work) { request in
            events.record("call began")
            try await Task.sleep(for: .seconds(3600))
            return request
        }
        try await HostFixture.with(
            ServiceApplication(methods: [work]), environment: ["UNDERSTUDY_DRAIN_S": "0.05"]
        ) { host in
            let connection = try await host.connect()
            let call = Task { try await connection.call(HostFixture.work, .init(text: "w")) }
            try await events.wait(for: "call began")
            await host.group.triggerGracefulShutdown()
            await #expect(throws: RPCConnection.Lost.self) { try await call.value }
        }
    }

    @Test
    func `two handlers of the same method are an error`() async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await HostFixture.with(ServiceApplication(methods: [Self.echo, Self.echo])) { _ in }
        }
        #expect(error?.message == "two handlers answer fake.echo")
    }
}
