import Contracts
import JSON
import Logging
import ServicePool
import Synchronization
import Testing

@testable import Orchestrator

@Suite struct EventSinkTests {
    /// Keeps the messages that are logged.
    private struct Lines: LogHandler {
        static let all = Mutex<[String]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            Self.all.withLock { $0.append("\(event.message) \(event.metadata?["events"] ?? "")") }
        }
    }

    @Test("events that do not fit are counted and logged, one line at once")
    func overflow() async {
        let logger = Logger(label: "sink") { _ in Lines() }
        let directory = RunDirectory(path: "/tmp/us-no-run-\(UInt32.random(in: 0...UInt32.max))")
        let sink = EventSink(pools: ServicePools(runDirectory: directory, logger: logger), logger: logger, capacity: 3)
        for number in 0..<10 { sink.send("test", ["number": .integer(Int64(number))]) }
        #expect(Lines.all.withLock { $0 } == ["events were dropped: the log service is too slow 1"])
    }

    @Test("losses are reported at once, then as a sum once a minute, and at the end")
    func reports() {
        var losses = LossReports()
        let start = ContinuousClock.now
        #expect(losses.rest() == nil)
        #expect(losses.lost(at: start) == 1)
        #expect(losses.lost(at: start + .seconds(30)) == nil)
        #expect(losses.lost(at: start + .seconds(59)) == nil)
        #expect(losses.lost(at: start + .seconds(60)) == 3)
        #expect(losses.lost(at: start + .seconds(61)) == nil)
        #expect(losses.rest() == 1 && losses.rest() == nil)
    }
}
