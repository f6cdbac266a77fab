// SPDX-License-Identifier: Apache-2.0

import Calls
import NIOCore
import Testing

@testable import JSONRPC

@Suite(.timeLimit(.minutes(1))) struct CallControlsTests {
    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private static let other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func read(_ params: String) throws -> CallControls {
        try CallControls(params: ByteBuffer(string: params))
    }

    @Test
    func `job and trace are read from _meta, the job also from the method's own job_id`() throws {
        let both = try read(#"{"a":1,"_meta":{"traceparent":"\#(Self.traceparent)","job_id":"job-1"},"deadline_ms":5}"#)
        #expect(both.trace?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && both.jobID == "job-1")
        #expect(both.deadline == 5)
        #expect(try read(#"{"job_id":"job-2"}"#).jobID == "job-2")
        // _meta has priority, since a method's own job_id may belong to another system.
        #expect(try read(#"{"job_id":"theirs","_meta":{"job_id":"ours"}}"#).jobID == "ours")
        #expect(try read(#"{"_meta":{"job_id":"ours"},"job_id":"theirs"}"#).jobID == "ours")
        #expect(try read(#"{}"#) == CallControls(params: nil))
        #expect(try read(#"["job_id","_meta"]"#) == CallControls(params: nil))
    }

    @Test
    func `escapes in names and values are decoded`() throws {
        let escaped = Self.traceparent.replacing("4bf9", with: #"\u0034bf9"#)
        #expect(try read(#"{"_meta":{"traceparent":"\#(escaped)"}}"#).trace?.traceID.hasPrefix("4bf9") == true)
        #expect(try read(#"{"\u005fmeta":{"tracep\u0061rent":"\#(Self.traceparent)"}}"#).trace != nil)
    }

    @Test
    func `the first value of a repeated name is used, even if it is invalid`() throws {
        let twice = try read(#"{"_meta":{"traceparent":"\#(Self.traceparent)","traceparent":"\#(Self.other)"}}"#)
        #expect(twice.trace?.traceID.hasPrefix("4bf9") == true)
        #expect(try read(#"{"_meta":{"traceparent":7,"traceparent":"\#(Self.other)"}}"#).trace == nil)
        #expect(try read(#"{"_meta":{},"_meta":{"traceparent":"\#(Self.other)"}}"#).trace == nil)
        #expect(try read(#"{"job_id":"a","job_id":"b"}"#).jobID == "a")
    }

    @Test(arguments: [
        #"{"_meta":null}"#, #"{"_meta":[]}"#, #"{"_meta":"x"}"#, #"{"_meta":7}"#, #"{"_meta":{}}"#,
        #"{"_meta":{"traceparent":null,"job_id":null}}"#,
        #"{"_meta":{"traceparent":["\#(traceparent)"],"job_id":[]}}"#,
        #"{"_meta":{"traceparent":"\#(traceparent.uppercased())","job_id":""}}"#,
        #"{"_meta":{"traceparent":"\#(String(repeating: "0", count: 10_000))","job_id":"\#(String(repeating: "j", count: 129))"}}"#,
        #"{"job_id":7}"#, #"{"job_id":{"job_id":"x"}}"#, #"{"traceparent":"\#(traceparent)"}"#,
        #"{"x":{"_meta":{"traceparent":"\#(traceparent)"}}}"#,
    ])
    func `invalid values are ignored without an error`(params: String) throws {
        let controls = try read(params)
        #expect(controls.trace == nil && controls.jobID == nil)
    }

    @Test
    func `added controls are read back unchanged`() throws {
        let meta = CallControls.meta(jobID: "a\"b\\\n", traceparent: Self.traceparent)
        let members = CallControls.members(deadline: 7, wantsProgress: false, meta: meta)
        for params in ["{}", #"{"x":1}"#, "{ }"] {
            var line = Wire.request(id: .number("1"), method: "m", params: params.utf8, adding: members)
            line.moveWriterIndex(to: line.writerIndex - 1)
            guard case .single(.request(_, _, let sent)) = Message(line) else {
                Issue.record("not a request: \(String(buffer: line))")
                continue
            }
            let controls = try CallControls(params: sent)
            #expect(controls.jobID == "a\"b\\\n" && controls.trace?.traceID.hasPrefix("4bf9") == true)
            #expect(controls.deadline == 7 && !controls.wantsProgress)
        }
        #expect(CallControls.meta(jobID: nil, traceparent: nil) == nil)
        #expect(CallControls.members(deadline: nil, wantsProgress: true) == "")
    }
}
