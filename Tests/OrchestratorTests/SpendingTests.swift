// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct SpendingTests {
    private func fixture(limit: USD, segments: Int, concurrency: Int = 2, stitch: USD? = nil) -> JobMachineFixture {
        var options = JobOptions()
        options.maxCost = limit
        options.imageConcurrency = concurrency
        var fixture = JobMachineFixture(entry: .fallback, options: options)
        fixture.apply(.started)
        var plan = JobMachineFixture.plan(segments, narrated: false)
        plan.stitchPrice = stitch
        fixture.apply(.loaded(plan))
        return fixture
    }

    @Test
    func `a still is ordered only if the budget covers its clip as well`() {
        #expect(
            fixture(limit: USD(0.0405), segments: 2).machine.work == [.still(segment: 0, attempt: 0, provider: nil)])
        #expect(fixture(limit: USD(0.042), segments: 2).machine.work.count == 2)
    }

    @Test
    func `no still is ordered if the budget does not cover stitching the film`() {
        let fixture = fixture(limit: USD(0.025), segments: 1, stitch: USD(0.01))
        #expect(fixture.machine.work == [.settle])
        #expect(fixture.machine.error?.kind == .quotaExhausted)
    }

    @Test
    func `a call in flight is not withdrawn if another one costs more than expected`() {
        var fixture = fixture(limit: USD(0.042), segments: 2)
        fixture.image(0, cost: USD(0.03))
        #expect(fixture.machine.work.contains(.still(segment: 1, attempt: 0, provider: nil)))
        // The expensive still has used up the budget of its own clip.
        #expect(!fixture.machine.work.contains(.clip(segment: 0)))
    }

    @Test
    func `a failed still releases its reservation for the next attempt`() {
        var fixture = fixture(limit: USD(0.021), segments: 2)
        fixture.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "503"), startedAt: fixture.now))
        #expect(fixture.machine.work == [.still(segment: 0, attempt: 1, provider: nil)])
    }

    @Test(arguments: 0..<200)
    func `in any order of replies the budget is not exceeded and no call in flight is withdrawn`(_ seed: Int) {
        var generator = LinearCongruentialGenerator(seed)
        let limit = USD(micros: Int64(generator.random(200)) * 1000 + 500)
        var fixture = fixture(limit: limit, segments: 1 + generator.random(8), concurrency: 1 + generator.random(4))
        var inFlight = fixture.machine.work
        for _ in 0..<1000 where fixture.machine.phase.kind == .understudy && !inFlight.isEmpty {
            let work = inFlight.sorted { "\($0)" < "\($1)" }[generator.random(inFlight.count)]
            switch work {
            case .still(let index, _, _) where generator.random(5) == 0:
                fixture.apply(.imageFailed(segment: index, ServiceError(.unavailable, "503"), startedAt: fixture.now))
            case .still(let index, _, _):
                fixture.image(index, cost: generator.random(3) == 0 ? .zero : USD(0.02))
            case .clip(let index):
                fixture.clip(index)
            default:
                break
            }
            #expect(fixture.machine.costs.total <= limit)
            guard fixture.machine.phase.kind == .understudy else { break }
            #expect(inFlight.subtracting([work]).isSubset(of: fixture.machine.work))
            inFlight = fixture.machine.work
        }
        #expect(fixture.machine.phase.kind != .understudy)
    }

    @Test
    func `the receipt reports what cached stills would have cost`() {
        var fixture = fixture(limit: USD(1), segments: 2)
        for index in 0..<2 {
            let image = GeneratedImage(
                image: "file:///\(index).png", width: 1, height: 1, mediaType: "image/png", provider: "p", model: "m",
                cost: index == 0 ? .zero : USD(0.02), attempts: 1, isCached: index == 0,
                saved: index == 0 ? USD(0.02) : nil)
            fixture.apply(.imageMade(segment: index, image: image, startedAt: fixture.now))
        }
        #expect(fixture.machine.receipt.saved == USD(0.02))
        #expect(fixture.machine.receipt.costs.total == USD(0.02))
    }

    /// A linear congruential generator.
    private struct LinearCongruentialGenerator {
        private var state: UInt64

        init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

        /// 0 to `bound` - 1.
        mutating func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }
}
