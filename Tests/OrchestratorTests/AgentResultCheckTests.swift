// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct AgentResultCheckTests {
    private func fault(_ result: AgentResult) -> String? {
        do throws(ServiceError) {
            try AgentResultCheck.check(result, of: .lead, job: "j", segments: ["a", "b"])
            return nil
        } catch {
            return error.message
        }
    }

    @Test
    func `a result for another job or segment, or with a segment twice, is rejected with the reason`() {
        var other = AgentResult(video: "file:///f.mp4")
        #expect(fault(other) == nil)
        other.jobID = "k"
        #expect(fault(other) == "Agent5 answered for the job \"k\"")
        let clip = AgentClip(segmentID: "a", clip: "file:///a.mp4")
        #expect(fault(AgentResult(clips: [clip])) == nil)
        #expect(fault(AgentResult(clips: [clip, clip])) == "Agent5 answered twice for the segment \"a\"")
        let strange = AgentResult(clips: [AgentClip(segmentID: "../c", clip: "file:///c.mp4")])
        #expect(fault(strange)?.hasSuffix("segment \"../c\", which the job does not have") == true)
        #expect(fault(AgentResult(video: "v", cost: USD(-1))) == "Agent5 reported a cost of -$1.00")
    }

    @Test
    func `a rejected result reports its plausible costs, unless it is for another job`() {
        func spent(_ job: String?, _ cost: Double, _ wasted: Double?, _ unknown: Double?) -> [USD] {
            var result = AgentResult(clips: [AgentClip(segmentID: "zzz")], cost: USD(cost))
            (result.wasted, result.unknown, result.jobID) = (wasted.map { USD($0) }, unknown.map { USD($0) }, job)
            do throws(ServiceError) {
                try AgentResultCheck.check(result, of: .lead, job: "j", segments: ["a"])
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
