// SPDX-License-Identifier: Apache-2.0

import Calls
import Testing

@testable import JSONRPC

@Suite(.timeLimit(.minutes(1))) struct TraceContextTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    private func read(_ text: String) -> TraceContext? { TraceContext(traceparent: Array(text.utf8)) }

    @Test
    func `an outgoing traceparent has the same trace id and sampling flag, and a new span`() throws {
        let trace = try #require(read("00-\(Self.id)-\(Self.parent)-01"))
        #expect(trace.traceID == Self.id && trace.isSampled && trace.parentID == 0x00f0_67aa_0ba9_02b7)
        #expect(trace.traceparent(span: 0xAB) == "00-\(Self.id)-00000000000000ab-01")
        let spans = Set((0..<100).map { _ in trace.traceparent() })
        #expect(spans.count == 100 && !spans.contains { $0.contains(Self.parent) })
        #expect(spans.allSatisfy { read($0)?.traceID == Self.id })
        // Flags undefined in version 00 are not propagated.
        #expect(try #require(read("00-\(Self.id)-\(Self.parent)-fe")).traceparent(span: 1).hasSuffix("-00"))
        #expect(try #require(read("00-\(Self.id)-\(Self.parent)-ff")).traceparent(span: 1).hasSuffix("-01"))
    }

    @Test
    func `a traceparent of a later version is read as version 00 and propagated as version 00`() throws {
        for text in ["cc-\(Self.id)-\(Self.parent)-01", "01-\(Self.id)-\(Self.parent)-01-what-the-future-holds"] {
            #expect(try #require(read(text)).traceparent(span: 1) == "00-\(Self.id)-0000000000000001-01")
        }
    }

    @Test(arguments: [
        "", "0", "00-\(id)-\(parent)", "00-\(id)-\(parent)-1", "00-\(id)-\(parent)-012", "00-\(id)-\(parent)-01-",
        "00-\(id)-\(parent)-01-more", "ff-\(id)-\(parent)-01", "FF-\(id)-\(parent)-01", "0g-\(id)-\(parent)-01",
        "00-\(id.uppercased())-\(parent)-01", "00-\(id)-00F067AA0BA902B7-01", "00-\(id)-\(parent)-0A",
        "00-00000000000000000000000000000000-\(parent)-01", "00-\(id)-0000000000000000-01",
        "00_\(id)_\(parent)_01", "00-\(id.dropLast())--\(parent)-01", "01-\(id)-\(parent)-01more",
        " 00-\(id)-\(parent)-01",
        "00-\(id)-\(parent)-01 ", "00-\(id.dropLast())ä-\(parent)-01",
    ])
    func `an invalid traceparent is ignored`(text: String) {
        #expect(read(text) == nil)
    }

    @Test
    func `a traceparent of 10 kB is ignored for every version`() {
        for version in ["00", "01"] {
            #expect(read("\(version)-\(Self.id)-\(Self.parent)-01-" + String(repeating: "a", count: 10_000)) == nil)
        }
    }

    @Test
    func `a new trace has a unique id and no parent span`() throws {
        let traces = (0..<100).map { _ in TraceContext() }
        #expect(Set(traces.map(\.traceID)).count == 100)
        for trace in traces {
            #expect(trace.parentID == 0)
            #expect(read(trace.traceparent())?.traceID == trace.traceID)
        }
    }
}
