import Contracts
import Faults
import Testing

@testable import Orchestrator

@Suite struct SpendingTests {
    private func scene(limit: USD, segments: Int, concurrency: Int = 2, stitch: USD? = nil) -> MachineScene {
        var options = JobOptions()
        options.maxCost = limit
        options.imageConcurrency = concurrency
        var scene = MachineScene(entry: .fallback, options: options)
        scene.apply(.started)
        var plan = MachineScene.plan(segments, narrated: false)
        plan.stitchPrice = stitch
        scene.apply(.loaded(plan))
        return scene
    }

    @Test("a still is bought only with the money for its clip at hand")
    func clipReserved() {
        #expect(scene(limit: USD(0.0405), segments: 2).machine.work == [.still(segment: 0, attempt: 0, provider: nil)])
        #expect(scene(limit: USD(0.042), segments: 2).machine.work.count == 2)
    }

    @Test("no still is bought where the money for the film would be missing")
    func stitchReserved() {
        let scene = scene(limit: USD(0.025), segments: 1, stitch: USD(0.01))
        #expect(scene.machine.work == [.settle])
        #expect(scene.machine.error?.kind == .quotaExhausted)
    }

    @Test("a call under way is not withdrawn when another costs more than it should")
    func dearer() {
        var scene = scene(limit: USD(0.042), segments: 2)
        scene.image(0, cost: USD(0.03))
        #expect(scene.machine.work.contains(.still(segment: 1, attempt: 0, provider: nil)))
        // The dear still has taken the money for its own clip.
        #expect(!scene.machine.work.contains(.clip(segment: 0)))
    }

    @Test("a still that fails gives its money back to the next try")
    func failure() {
        var scene = scene(limit: USD(0.021), segments: 2)
        scene.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "503"), startedAt: scene.now))
        #expect(scene.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
    }

    @Test(
        "whatever the limit and the order of the answers, it is not passed, and nothing under way is withdrawn",
        arguments: 0..<200)
    func anyOrder(_ seed: Int) {
        var dice = Dice(seed)
        let limit = USD(micros: Int64(dice.roll(200)) * 1000 + 500)
        var scene = scene(limit: limit, segments: 1 + dice.roll(8), concurrency: 1 + dice.roll(4))
        var underWay = scene.machine.work
        while scene.machine.phase.kind == .understudy, !underWay.isEmpty {
            let work = underWay.sorted { "\($0)" < "\($1)" }[dice.roll(underWay.count)]
            switch work {
            case .still(let index, _, _) where dice.roll(5) == 0:
                scene.apply(.imageFailed(segment: index, ServiceError(.unavailable, "503"), startedAt: scene.now))
            case .still(let index, _, _):
                scene.image(index, cost: dice.roll(3) == 0 ? .zero : USD(0.02))
            case .clip(let index):
                scene.clip(index)
            default:
                break
            }
            #expect(scene.machine.costs.total <= limit)
            guard scene.machine.phase.kind == .understudy else { break }
            #expect(underWay.subtracting([work]).isSubset(of: scene.machine.work))
            underWay = scene.machine.work
        }
        #expect(scene.machine.phase.kind != .understudy)
    }

    @Test("the receipt tells what cached stills would have cost")
    func saved() {
        var scene = scene(limit: USD(1), segments: 2)
        for index in 0..<2 {
            let image = GeneratedImage(
                image: "file:///\(index).png", width: 1, height: 1, mediaType: "image/png", provider: "p", model: "m",
                cost: index == 0 ? .zero : USD(0.02), attempts: 1, cached: index == 0,
                saved: index == 0 ? USD(0.02) : nil)
            scene.apply(.imageMade(segment: index, image: image, startedAt: scene.now))
        }
        #expect(scene.machine.receipt.saved == USD(0.02))
        #expect(scene.machine.receipt.costs.total == USD(0.02))
    }

    /// The same numbers for the same seed.
    private struct Dice {
        private var state: UInt64

        init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

        /// 0 to `sides` - 1.
        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
    }
}
