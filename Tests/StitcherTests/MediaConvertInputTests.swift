// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct MediaConvertInputTests {
    @Test func `clips of their segment's length are used directly`() {
        #expect(
            MediaConvertInput.inputs(frames: [30, 45], available: [30, 45], fadeFrames: 0) == [
                MediaConvertInput(source: .clip(part: 0), frames: 0..<30, isWhole: true),
                MediaConvertInput(source: .clip(part: 1), frames: 0..<45, isWhole: true),
            ])
    }

    @Test func `a longer clip is cut, a shorter one and one out of reach are rendered`() {
        #expect(
            MediaConvertInput.inputs(frames: [30, 30, 30], available: [75, 20, nil], fadeFrames: 0) == [
                MediaConvertInput(source: .clip(part: 0), frames: 0..<30, isWhole: false),
                MediaConvertInput(source: .part(1), frames: 0..<30, isWhole: true),
                MediaConvertInput(source: .part(2), frames: 0..<30, isWhole: true),
            ])
    }

    @Test func `a cross-fade is an input of its own between the rest of its parts`() {
        #expect(
            MediaConvertInput.inputs(frames: [30, 30], available: [30, nil], fadeFrames: 15) == [
                MediaConvertInput(source: .clip(part: 0), frames: 0..<23, isWhole: false),
                MediaConvertInput(source: .fade(into: 1), frames: 0..<15, isWhole: true),
                MediaConvertInput(source: .part(1), frames: 8..<30, isWhole: false),
            ])
    }

    @Test(arguments: 0..<20)
    func `the inputs of random films have all frames of the film`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let frames = (0..<Int.random(in: 1...9, using: &random)).map { _ in Int.random(in: 1...90, using: &random) }
            let available = frames.map { _ in
                Bool.random(using: &random) ? Int.random(in: 1...120, using: &random) : nil
            }
            let fade = Int.random(in: 0...40, using: &random)
            let inputs = MediaConvertInput.inputs(frames: frames, available: available, fadeFrames: fade)
            #expect(
                inputs.reduce(0) { $0 + $1.frames.count } == frames.reduce(0, +),
                "seed \(seed): \(frames), fades of \(fade): \(inputs)")
            for input in inputs {
                guard case .clip(let part) = input.source else { continue }
                #expect(input.frames.upperBound <= available[part] ?? 0, "seed \(seed): \(input)")
            }
        }
    }
}
