// SPDX-License-Identifier: Apache-2.0

import Contracts
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct EstimatorTests {
    @Test
    func `every method is listed with its price; methods without calls are left out`() {
        let silent = Estimator.calls(JobMachineFixture.plan(3, narrated: false), image: USD(0.04), stitch: USD(0.01))
        #expect(
            silent.map { "\($0.method) \($0.count) \($0.cost.text)" } == [
                "imagegen.generate 3 $0.12", "clipper.create 3 $0.003", "stitcher.stitch 1 $0.01",
                "clipper.probe 1 $0.00",
            ])
        let narrated = Estimator.calls(JobMachineFixture.plan(3), image: .zero, stitch: .zero)
        #expect(narrated.first { $0.method == "clipper.replace_audio" }?.count == 3)
    }

    @Test
    func `the pace counts stills in rounds of the concurrency and clips in parallel with them`() {
        let slowImages = CallDurations(image: 20, clip: 1, narration: 1, stitch: 1.5, check: 0.5)
        #expect(slowImages.seconds(JobMachineFixture.plan(5), imageConcurrency: 2) == 63)
        let slowClips = CallDurations(image: 0.1, clip: 10, narration: 2, stitch: 1.5, check: 0.5)
        #expect(slowClips.seconds(JobMachineFixture.plan(5), imageConcurrency: 2) == 32)
        #expect(slowClips.seconds(JobMachineFixture.plan(5, narrated: false), imageConcurrency: 2) == 27)
    }
}
