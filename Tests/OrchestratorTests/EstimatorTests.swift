import Contracts
import Testing

@testable import Orchestrator

@Suite struct EstimatorTests {
    @Test("every call is counted with its price, and those of no number are left out")
    func calls() {
        let silent = Estimator.calls(MachineScene.plan(3, narrated: false), image: USD(0.04), stitch: USD(0.01))
        #expect(
            silent.map { "\($0.method) \($0.count) \($0.cost.text)" } == [
                "imagegen.generate 3 $0.12", "clipper.create 3 $0.003", "stitcher.stitch 1 $0.01",
                "clipper.probe 1 $0.00",
            ])
        let narrated = Estimator.calls(MachineScene.plan(3), image: .zero, stitch: .zero)
        #expect(narrated.first { $0.method == "clipper.replace_audio" }?.count == 3)
    }

    @Test("stills come in rounds, and clips are made beside them")
    func pace() {
        let slowImages = Pace(image: 20, clip: 1, narration: 1, stitch: 1.5, check: 0.5)
        #expect(slowImages.seconds(MachineScene.plan(5), imagesAtATime: 2) == 63)
        let slowClips = Pace(image: 0.1, clip: 10, narration: 2, stitch: 1.5, check: 0.5)
        #expect(slowClips.seconds(MachineScene.plan(5), imagesAtATime: 2) == 32)
        #expect(slowClips.seconds(MachineScene.plan(5, narrated: false), imagesAtATime: 2) == 27)
    }
}
