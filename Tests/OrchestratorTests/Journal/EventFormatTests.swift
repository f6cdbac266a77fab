// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSONRPC
import Testing

@testable import Orchestrator

/// Decoding of stored events, and the errors for unreadable rows.
@Suite(.timeLimit(.minutes(2))) struct EventFormatTests {
    private func message(_ body: String) -> String {
        do {
            _ = try EventFormat.decode(Data(body.utf8))
            return "none"
        } catch {
            let spec = JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: .lead, options: JobOptions())
            return DamagedJob(spec, createdAt: Timestamp(milliseconds: 0), row: .event(3), error: error)
                .serviceError.message
        }
    }

    @Test(arguments: [
        (#"{"v":3,"type":"started"}"#, "version 3 of the format, which is newer"),
        (#"{"v":2,"type":"still_sculpted"}"#, #"unknown type "still_sculpted" (version 2 of the format)"#),
        (#"{"imageSculpted":{}}"#, #"unknown type "imageSculpted" (version 1 of the format)"#),
        (#"{"v":"2","type":"started"}"#, "/v: expected a whole number"),
        (#"{"v":2}"#, "/type: required, but missing"),
        (#"{"v":2,"type":"settled","message":7}"#, "/message: expected a string"),
        (
            #"{"v":2,"type":"narration_added","segment":"one","started_at_ms":1}"#,
            "/segment: expected a whole number"
        ),
        (
            #"{"v":2,"type":"narration_added","segment":1}"#,
            "/started_at_ms: required, but missing"
        ),
        (#"{"v":2,"type":"agent_skipped","agent":"agent9"}"#, "/agent: expected one of agent2, agent4"),
        (
            #"{"v":2,"type":"load_failed","fault":{"kind":"odd","message":"m","retryable":false}}"#,
            "/kind: expected one of busy"
        ),
        (#"{"v":2,"type":"retry_requested","selection":"some"}"#, "/selection: expected one of all, failed"),
        (#"{"narrated":{"segment":1,"startedAt":"noon"}}"#, "/narrated/startedAt: expected a time as RFC 3339"),
        (#"{"started":{},"cancelled":{}}"#, "expected an object with one member, the event"),
        (#"{"v":2,"type":"still_dr"#, "params: expected"),
        ("", "params: expected"), ("[]", "params: expected an object"), ("7", "params: expected an object"),
    ])
    func `the error of an unreadable row names the row, the fault and what to do`(body: String, expected: String) {
        let message = message(body)
        #expect(message.contains(expected), "\(message)")
        #expect(message.hasPrefix("the job j cannot be read in the job store: event 3 (table event, n = 3): "))
        #expect(message.contains("retry the job with an orchestrator of the version that wrote it or a later one"))
    }

    @Test
    func `unknown members are ignored`() throws {
        guard
            case .settled(warning: "w") = try EventFormat.decode(
                Data(#"{"v":2,"type":"settled","message":"w","mood":{"a":[1]}}"#.utf8))
        else {
            Issue.record("decoded as a different event")
            return
        }
    }

    @Test
    func `numbers out of range are clamped or rejected`() throws {
        let huge =
            #"{"v":2,"type":"narration_added","segment":9223372036854775807,"started_at_ms":9223372036854775807}"#
        guard case .narrated(let segment, let startedAt, _) = try EventFormat.decode(Data(huge.utf8)) else {
            Issue.record("decoded as a different event")
            return
        }
        var machine = JobMachine(
            spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: .fallback, options: JobOptions()),
            createdAt: Timestamp(milliseconds: 0))
        for event in [
            .started, .loaded(JobMachineFixture.plan(2)), JobEvent.narrated(segment: segment, startedAt: startedAt),
        ] {
            _ = machine.apply(event, at: startedAt)
        }
        #expect(machine.state == .running)
        #expect(message(#"{"v":2,"type":"narration_added","segment":1e99,"started_at_ms":1}"#) != "none")
        #expect(message(#"{"v":2,"type":"lead_progress","fraction":1e999,"message":""}"#) != "none")
    }

    @Test
    func `a specification of a later version or with unknown names is rejected`() {
        for (text, expected) in [
            (#"{"v":2}"#, "version 2 of the format"), ("{}", "/jobID"), ("{", "params"),
            (#"{"jobID":"j","userID":"u","sessionID":"s","entry":"side door","options":{}}"#, "one of chain"),
            (#"{"jobID":"j","userID":"u","sessionID":"s","entry":"lead","options":{"mode":"odd"}}"#, "one of fade"),
        ] {
            let error = #expect(throws: (any Error).self) { try SpecFormat.decode(Data(text.utf8)) }
            let job = DamagedJob(
                id: "j", specification: Data(text.utf8), createdAt: Timestamp(milliseconds: 0),
                error: error ?? CancellationError())
            let message = job.serviceError.message
            #expect(message.contains("its specification (table job): ") && message.contains(expected), "\(message)")
        }
    }
}
