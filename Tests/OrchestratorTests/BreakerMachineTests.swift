import Breaker
import Contracts
import Faults
import Testing

@testable import Orchestrator

private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 0).adding(seconds: seconds) }

/// A breaker to which things happen at seconds of its own time.
private final class Scene {
    var machine = BreakerMachine(at: at(0))

    func admits(_ job: String, _ seconds: Double) -> Bool { machine.admit(job, at: at(seconds)) }

    func fail(_ kind: ErrorKind, _ job: String, _ seconds: Double, times: Int = 1) {
        for _ in 0..<times { machine.failed(kind, job: job, at: at(seconds), BreakerMachine.Bounds()) }
    }

    var view: BreakerView { machine.view(of: "agent5") }
}

@Suite struct BreakerMachineTests {
    private func opened() -> Scene {
        let scene = Scene()
        scene.fail(.unavailable, "a", 1, times: 3)
        return scene
    }

    @Test("it opens after three failures in a row, and a success in between begins the count anew")
    func opens() {
        let scene = Scene()
        scene.fail(.timeout, "a", 1, times: 2)
        scene.machine.succeeded(at: at(2))
        scene.fail(.timeout, "a", 3, times: 2)
        #expect(scene.machine.state == .closed)
        scene.fail(.quotaExhausted, "b", 4)
        let view = scene.view
        #expect(view.state == .open && view.since == at(4) && view.failures == 3)
        #expect(view.probesAt == at(34))
        #expect(!scene.admits("c", 33.9))
    }

    @Test("only the lead's own faults count")
    func kinds() {
        for kind in ErrorKind.allCases {
            let scene = Scene()
            scene.fail(kind, "a", 1, times: 3)
            let counts: Set<ErrorKind> = [
                .unavailable, .timeout, .rateLimited, .quotaExhausted, .corruptMedia, .unauthorized, .internal,
            ]
            #expect((scene.machine.state != .closed) == counts.contains(kind), "\(kind)")
        }
    }

    @Test("when it has cooled one job probes and the others do not; a good probe closes it")
    func probe() {
        let scene = opened()
        #expect(scene.admits("p", 31))
        #expect(scene.admits("p", 32), "the same job may try again")
        #expect(!scene.admits("q", 1000))
        #expect(scene.view.state == .halfOpen)
        scene.machine.succeeded(at: at(33))
        #expect(scene.machine.state == .closed && scene.machine.failures == 0)
        #expect(scene.admits("q", 33))
    }

    @Test("each probe that fails doubles the cooling, to ten minutes at most")
    func doubles() {
        let scene = opened()
        var now = 31.0
        for cool in [60.0, 120, 240, 480, 600, 600] {
            #expect(scene.admits("p", now))
            scene.fail(.unavailable, "p", now)
            #expect(scene.view.probesAt == at(now + cool))
            now += cool
        }
        #expect(scene.admits("p", now))
        scene.machine.succeeded(at: at(now))
        scene.fail(.unavailable, "p", now, times: 3)
        #expect(scene.view.probesAt == at(now + 30))
    }

    @Test("a probe that ends without a verdict makes room for the next")
    func released() {
        for end in [ErrorKind.contentRejected, .cancelled, nil] {
            let scene = opened()
            #expect(scene.admits("p", 31))
            if let end {
                scene.fail(end, "p", 32)
            } else {
                scene.machine.released(by: "p", at: at(32))
            }
            #expect(scene.admits("q", 32))
        }
    }

    @Test("a hand holds it open or closed until it is reset")
    func byHand() {
        let scene = Scene()
        scene.machine.apply(.open, at: at(5))
        let view = scene.view
        #expect(view.state == .open && view.forced && view.since == at(5) && view.probesAt == nil)
        scene.machine.succeeded(at: at(6))
        #expect(!scene.admits("a", 100_000))
        scene.machine.apply(.close, at: at(7))
        scene.fail(.unavailable, "a", 8, times: 10)
        #expect(scene.admits("a", 8) && scene.view.state == .closed)
        scene.machine.apply(.reset, at: at(9))
        #expect(!scene.view.forced && scene.machine.failures == 0)
    }

    @Test("a clock that is set back by a year does not keep it open for longer than it cools")
    func clock() {
        let scene = opened()
        let past = -365.0 * 86_400
        #expect(!scene.admits("p", past))
        #expect(scene.view.probesAt == at(past + 30))
        #expect(scene.admits("p", past + 30))
    }
}
