// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct StartValidationTests {
    private func fault(_ request: StartJob, size: Int = 100) -> ServiceError? {
        do throws(ServiceError) {
            try StartValidation.check(request, size: size)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "a\0b", "a\nb", "ä", String(repeating: "a", count: 4096)])
    func `ids with path components, control characters or too many bytes are rejected by name`(_ id: String) {
        for (pointer, request) in [
            ("/user_id", StartJob(userID: id, sessionID: "s")), ("/session_id", StartJob(userID: "u", sessionID: id)),
        ] {
            #expect(fault(request)?.kind == .invalidParams)
            #expect(fault(request)?.message.hasPrefix("\(pointer): expected 1 to 64 characters") == true)
        }
    }

    @Test
    func `keys with control characters or more than 256 bytes are rejected by name`() {
        for text in ["", "a\0", "a\nb", String(repeating: "k", count: 257)] {
            let key = StartJob(userID: "u", sessionID: "s", idempotencyKey: text)
            #expect(fault(key)?.message.hasPrefix("/idempotency_key: ") == true)
            let other = StartJob(userID: "u", sessionID: "s", supersessionID: text)
            #expect(fault(other)?.message.hasPrefix("/supersession_id: ") == true)
        }
        #expect(fault(StartJob(userID: "u", sessionID: "s", idempotencyKey: "order 7 (ä)")) == nil)
    }

    @Test
    func `pipeline data of the wrong shape is rejected with the pointer to the fault`() {
        let cases: [(JSONValue, String)] = [
            ([1], "/pipeline_data: expected an object"), ("text", "/pipeline_data: expected an object"),
            (["storyboard": [1]], "/pipeline_data/storyboard: /: expected an object"),
            (["storyboard": ["segments": []]], "/pipeline_data/storyboard: /segments"),
            (["audio": 7], "/pipeline_data/audio: expected"), (["audio": ["a": 7]], "/pipeline_data/audio/a: expected"),
            (["audio": ["a": "file:///a/../../etc/passwd"]], "/pipeline_data/audio/a: expected"),
        ]
        for (data, prefix) in cases {
            let found = fault(StartJob(userID: "u", sessionID: "s", pipelineData: data))
            #expect(found?.kind == .invalidParams)
            #expect(found?.message.hasPrefix(prefix) == true, "\(found?.message ?? "")")
        }
        #expect(fault(StartJob(userID: "u", sessionID: "s", pipelineData: ["mood": 3])) == nil)
    }

    @Test
    func `a request of 100 MiB is too large`() {
        let found = fault(StartJob(userID: "u", sessionID: "s"), size: 100 << 20)
        #expect(found?.kind == .tooLarge)
    }
}
