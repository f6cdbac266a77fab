import Calls
import Faults
import JSONRPC
import ServiceLifecycle
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct ServiceApplicationTests {
    private static let echo = MethodHandler(HostScene.echo) { $0 }

    @Test("a service is found only when it is ready")
    func readiness() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let happenings = Happenings()
        var application = ServiceApplication(methods: [Self.echo])
        application.services = [NotingService(name: "part", happenings: happenings)]
        application.prepare = {
            happenings.note("prepare began")
            for await _ in gate { break }
        }
        let failure = try await HostScene.with(application) { scene in
            try await happenings.wait(for: "prepare began")
            try await happenings.wait(for: "part began")
            try await Task.sleep(for: .milliseconds(50))
            #expect(!scene.isPublished)
            open.yield()
            let connection = try await scene.connect()
            #expect(try await connection.call(HostScene.echo, .init(text: "a")).text == "a")
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        }
        #expect(failure == nil)
    }

    @Test("a service that cannot be made ready ends with the reason, and was never found")
    func notReady() async throws {
        var application = ServiceApplication(methods: [Self.echo])
        application.prepare = { throw ServiceError(.conflict, "the file is damaged") }
        var wasPublished = false
        let failure = try await HostScene.with(application) { scene in
            for _ in 0..<20 {
                wasPublished = wasPublished || scene.isPublished
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect((failure as? ServiceError)?.message == "the file is damaged")
        #expect(!wasPublished)
    }

    @Test("a service that is told to stop before it is ready stops at once, in the same order")
    func stoppedEarly() async throws {
        let happenings = Happenings()
        var application = ServiceApplication(methods: [Self.echo])
        application.prepare = {
            happenings.note("prepare began")
            try await Task.sleep(for: .seconds(3600))
        }
        application.drain = { happenings.note("drain") }
        let failure = try await HostScene.with(application) { scene in
            try await happenings.wait(for: "prepare began")
            await scene.group.triggerGracefulShutdown()
        }
        #expect(failure == nil)
        #expect(happenings.all == ["prepare began", "drain"])
    }

    @Test("to stop: the name goes, new calls are refused, what runs ends, then the parts end, the last one first")
    func stopping() async throws {
        let happenings = Happenings()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let work = MethodHandler(HostScene.work) { request in
            happenings.note("call began")
            for await _ in gate { break }
            happenings.note("call ended")
            return request
        }
        var application = ServiceApplication(methods: [Self.echo, work])
        application.services = ["first", "second"].map { NotingService(name: $0, happenings: happenings) }
        application.drain = { happenings.note("drain") }
        try await HostScene.with(application) { scene in
            let connection = try await scene.connect()
            let call = Task { try await connection.call(HostScene.work, .init(text: "w")) }
            try await happenings.wait(for: "call began")
            await scene.group.triggerGracefulShutdown()
            try await happenings.wait(for: "drain")
            #expect(!scene.isPublished)
            let refusal = await #expect(throws: ServiceError.self) {
                try await connection.call(HostScene.echo, .init(text: "e"))
            }
            #expect(refusal?.kind == .busy)
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .draining)
            open.yield()
            #expect(try await call.value.text == "w")
        }
        let ends = happenings.all.filter { !$0.hasSuffix("began") }
        #expect(ends == ["drain", "call ended", "second ended", "first ended"])
    }

    @Test("a call that does not end within the drain's time is cut off")
    func cutOff() async throws {
        let happenings = Happenings()
        let work = MethodHandler(HostScene.work) { request in
            happenings.note("call began")
            try await Task.sleep(for: .seconds(3600))
            return request
        }
        try await HostScene.with(
            ServiceApplication(methods: [work]), environment: ["UNDERSTUDY_DRAIN_S": "0.05"]
        ) { scene in
            let connection = try await scene.connect()
            let call = Task { try await connection.call(HostScene.work, .init(text: "w")) }
            try await happenings.wait(for: "call began")
            await scene.group.triggerGracefulShutdown()
            await #expect(throws: RPCConnection.Lost.self) { try await call.value }
        }
    }

    @Test("two handlers of one method are an error, and no silent choice")
    func duplicates() async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await HostScene.with(ServiceApplication(methods: [Self.echo, Self.echo])) { _ in }
        }
        #expect(error?.message == "two handlers answer fake.echo")
    }
}
