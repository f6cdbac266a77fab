// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

@Suite(.timeLimit(.minutes(1))) struct SoundPlacementTests {
    private static let limit = 6 * 3600 * 48_000

    /// Places pieces of 1024 samples with given timestamps.
    ///
    /// - Returns: what is inserted or dropped before each piece.
    private func steps(
        _ times: [Double?], from origin: SoundPlacement.Origin = .ownStart
    ) -> [SoundPlacement.Step] {
        var placement = SoundPlacement(origin: origin, limit: Self.limit)
        var position = 0
        return times.map { time in
            let step = placement.place(time, at: position)
            position += step.silence - step.dropped + 1024
            return step
        }
    }

    private func regular(_ count: Int, from start: Double = 0, jitter: (Int) -> Double = { _ in 0 }) -> [Double] {
        (0..<count).map { start + Double($0 * 1024) / 48_000 + jitter($0) }
    }

    @Test(arguments: [0, 1.7, 1e9, -5])
    func `sound without video starts with its first sample, whatever its timestamp`(_ start: Double) {
        #expect(steps(regular(50, from: start)).allSatisfy { $0 == .init() })
    }

    @Test
    func `sound keeps its offset from the first frame`() {
        #expect(steps(regular(9, from: 100.5), from: .time(100)).first == .init(silence: 24_000))
        #expect(steps(regular(9, from: 99.9), from: .time(100)).first == .init(dropped: 4800))
        #expect(steps(regular(9, from: 98), from: .time(100)).first == .init(dropped: 96_000))
        #expect(steps(regular(9, from: 100.5), from: .earlierOf(100)).first == .init(silence: 24_000))
        #expect(steps(regular(9, from: 99.9), from: .earlierOf(100)).allSatisfy { $0 == .init() })
        for origin in [SoundPlacement.Origin.time(100), .earlierOf(100)] {
            #expect(steps(regular(9, from: 100.5), from: origin).dropFirst().allSatisfy { $0 == .init() })
        }
    }

    @Test
    func `a gap becomes silence, an overlap is dropped, and the rest stays in place`() {
        let gap = steps(regular(10) + regular(10, from: 3))
        #expect(gap[10] == .init(silence: 3 * 48_000 - 10_240))
        #expect(gap.enumerated().allSatisfy { $0.offset == 10 || $0.element == .init() })
        let overlap = steps(regular(60) + regular(10, from: 1))
        #expect(overlap[60] == .init(dropped: 60 * 1024 - 48_000))
    }

    @Test
    func `jittering or rounded timestamps have no effect`() {
        #expect(steps(regular(500) { ($0 % 3 == 0 ? 0.009 : -0.008) }).allSatisfy { $0 == .init() })
        #expect(steps(regular(500).map { ($0 * 1000).rounded() / 1000 }).allSatisfy { $0 == .init() })
    }

    @Test
    func `a small offset that persists is corrected, and drift does not add up`() {
        let late = steps(regular(10) + regular(20, from: 10_240 / 48_000.0 + 0.01))
        #expect(late.reduce(0) { $0 + $1.silence } == 480)
        var placement = SoundPlacement(origin: .ownStart, limit: Self.limit)
        var position = 0
        for index in 0..<10_000 {
            // The clock of the source is 0.1 % slow.
            let time = Double(index * 1024) / 48_000 * 1.001
            let step = placement.place(time, at: position)
            position += step.silence - step.dropped
            #expect(abs(Double(position) - time * 48_000) < 500)
            position += 1024
        }
    }

    @Test
    func `implausible timestamps are ignored, and no arithmetic traps`() {
        let huge = 4.611686018427388e18
        for odd in [huge, -huge, .infinity, -.infinity, .nan, 1e300, 6.5 * 3600] {
            for origin in [SoundPlacement.Origin.ownStart, .time(0), .earlierOf(0), .time(odd), .earlierOf(odd)] {
                let found = steps([odd, 0, odd, nil, -odd, 1] + regular(5, from: 1), from: origin)
                #expect(found.allSatisfy { $0.silence < Self.limit && $0.dropped < Self.limit })
            }
            #expect(steps([0, odd, nil, nil]).allSatisfy { $0 == .init() })
        }
        // A recording whose timestamps restart continues without a gap.
        #expect(steps(regular(200) + regular(200)).allSatisfy { $0 == .init() })
    }
}
