import Contracts
import Faults
import JSON
import Testing

@testable import Orchestrator

@Suite struct StartCheckTests {
    private func fault(_ request: StartJob, size: Int = 100) -> ServiceError? {
        do throws(ServiceError) {
            try StartCheck.check(request, size: size)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "ids that climb, or carry NUL, newlines or four kilobytes, are refused by name",
        arguments: ["", ".", "..", "../x", "a/b", "a\0b", "a\nb", "ä", String(repeating: "a", count: 4096)])
    func ids(_ id: String) {
        for (pointer, request) in [
            ("/user_id", StartJob(userID: id, sessionID: "s")), ("/session_id", StartJob(userID: "u", sessionID: id)),
        ] {
            #expect(fault(request)?.kind == .invalidParams)
            #expect(fault(request)?.message.hasPrefix("\(pointer): expected 1 to 64 characters") == true)
        }
    }

    @Test("keys with control characters, or longer than 256 bytes, are refused by name")
    func keys() {
        for text in ["", "a\0", "a\nb", String(repeating: "k", count: 257)] {
            let key = StartJob(userID: "u", sessionID: "s", idempotencyKey: text)
            #expect(fault(key)?.message.hasPrefix("/idempotency_key: ") == true)
            let other = StartJob(userID: "u", sessionID: "s", supersessionID: text)
            #expect(fault(other)?.message.hasPrefix("/supersession_id: ") == true)
        }
        #expect(fault(StartJob(userID: "u", sessionID: "s", idempotencyKey: "order 7 (ä)")) == nil)
    }

    @Test("pipeline data of the wrong shape is refused before there is a job, with the pointer to the fault")
    func shapes() {
        let cases: [(JSONValue, String)] = [
            ([1], "/pipeline_data: expected an object"), ("text", "/pipeline_data: expected an object"),
            (["storyboard": [1]], "/pipeline_data/storyboard: /: expected an object"),
            (["storyboard": ["segments": []]], "/pipeline_data/storyboard: /segments"),
            (["audio": 7], "/pipeline_data/audio: expected"), (["audio": ["a": 7]], "/pipeline_data/audio/a: expected"),
            (["audio": ["a": "file:///a/../../etc/passwd"]], "/pipeline_data/audio/a: expected"),
        ]
        for (data, words) in cases {
            let found = fault(StartJob(userID: "u", sessionID: "s", pipelineData: data))
            #expect(found?.kind == .invalidParams)
            #expect(found?.message.hasPrefix(words) == true, "\(found?.message ?? "")")
        }
        #expect(fault(StartJob(userID: "u", sessionID: "s", pipelineData: ["mood": 3])) == nil)
    }

    @Test("a hundred megabytes are too large, whatever they hold")
    func size() {
        let found = fault(StartJob(userID: "u", sessionID: "s"), size: 100 << 20)
        #expect(found?.kind == .tooLarge)
    }
}

@Suite struct AgentAnswerTests {
    private func fault(_ result: AgentResult) -> String? {
        do throws(ServiceError) {
            try AgentAnswer.check(result, of: .lead, job: "j", segments: ["a", "b"])
            return nil
        } catch {
            return error.message
        }
    }

    @Test("an answer for another job or segment, or twice for one, is a failure with its reason")
    func answers() {
        var other = AgentResult(video: "file:///f.mp4")
        #expect(fault(other) == nil)
        other.jobID = "k"
        #expect(fault(other) == "Agent5 answered for the job \"k\"")
        let clip = AgentClip(segmentID: "a", clip: "file:///a.mp4")
        #expect(fault(AgentResult(clips: [clip])) == nil)
        #expect(fault(AgentResult(clips: [clip, clip])) == "Agent5 answered twice for the segment \"a\"")
        let strange = AgentResult(clips: [AgentClip(segmentID: "../c", clip: "file:///c.mp4")])
        #expect(fault(strange)?.hasSuffix("segment \"../c\", which the job does not have") == true)
        #expect(fault(AgentResult(video: "v", cost: USD(-1))) == "Agent5 says that it cost -$1.00")
    }

    @Test("a refused answer reports what it cost, as far as that can be believed, unless it is another job's")
    func money() {
        func spent(_ job: String?, _ cost: Double, _ wasted: Double?, _ unknown: Double?) -> [USD] {
            var result = AgentResult(clips: [AgentClip(segmentID: "zzz")], cost: USD(cost))
            (result.wasted, result.unknown, result.jobID) = (wasted.map { USD($0) }, unknown.map { USD($0) }, job)
            do throws(ServiceError) {
                try AgentAnswer.check(result, of: .lead, job: "j", segments: ["a"])
                return []
            } catch {
                return [error.wasted, error.unknown]
            }
        }
        #expect(spent(nil, 0.5, 0.25, 0.125) == [USD(0.75), USD(0.125)])
        #expect(spent("j", 0.5, nil, nil) == [USD(0.5), .zero])
        #expect(spent("k", 0.5, 0.25, 0.125) == [.zero, .zero])
        #expect(spent(nil, 1e9, 0.25, -1) == [USD(0.25), .zero])
    }
}
