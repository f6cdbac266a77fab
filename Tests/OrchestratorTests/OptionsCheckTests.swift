// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct OptionsCheckTests {
    @Test
    func `an unknown option is reported with the nearest known one, along with all other faults`() {
        let error = #expect(throws: ServiceError.self) {
            try OptionsCheck.read(["fade_sec": 0.5, "fps": 31, "mode": "wipe", "image_concurrency": 0])
        }
        let lines = error?.detail?.split(separator: "\n") ?? []
        #expect(lines.count == 4)
        #expect(lines[0] == "/options/fade_sec: unknown option; did you mean fade_s?")
        #expect(lines.contains("/options/mode: expected one of simple, fade"))
        #expect(error?.kind == .invalidParams)
    }

    @Test
    func `unsupported values of options are rejected`() {
        for options: JSONValue in [
            ["motion": "wobble"], ["captions": "loud"], ["loudness_lufs": 3], ["fade_in_s": 11], ["fit": "stretch"],
            ["stitch_backend": "cloud"],
        ] {
            #expect(throws: ServiceError.self) { try OptionsCheck.read(options) }
        }
    }

    @Test
    func `a movement out of the picture, or to another aspect ratio, is rejected before anything is drawn`() {
        let whole: JSONValue = ["x": 0, "y": 0, "width": 1, "height": 1]
        let invalid: [(JSONValue, String)] = [
            (["x": 0, "y": -0.5, "width": 1, "height": 1], "a rectangle inside the picture"),
            (["x": 0.5, "y": 0, "width": 0.6, "height": 0.6], "a rectangle inside the picture"),
            (["x": 0, "y": 0, "width": 0.05, "height": 0.05], "a rectangle of at least a tenth"),
            (["x": 0, "y": 0, "width": 0.5, "height": 0.4], "equal width and height"),
        ]
        for (rectangle, reason) in invalid {
            for (path, end): (JSONValue, String) in [
                (["from": whole, "to": rectangle], "to"), (["from": rectangle, "to": whole], "from"),
            ] {
                let error = #expect(throws: ServiceError.self) { try OptionsCheck.read(["motion": path]) }
                #expect(error?.message.hasPrefix("/options/motion/\(end): expected \(reason)") == true)
            }
        }
    }

    @Test
    func `valid options are decoded`() throws {
        let options = try OptionsCheck.read(["mode": "fade", "fade_s": 1, "fps": 25, "max_cost_usd": 0.5])
        #expect(options.mode == .fade)
        let path: JSONValue = [
            "motion": [
                "from": ["x": 0, "y": 0, "width": 1, "height": 1],
                "to": ["x": 0.1, "y": 0.1, "width": 0.8, "height": 0.8],
            ], "captions": "burned", "loudness_lufs": -16,
        ]
        guard case .path(let between)? = try OptionsCheck.read(path).motion else { throw CancellationError() }
        #expect(between.to.width == 0.8)
        #expect(options.fps == 25)
        #expect(options.maxCost?.micros == 500_000)
    }
}
