// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Prices

@Suite(.timeLimit(.minutes(1))) struct PriceListTests {
    private func list(_ text: String) throws -> PriceList {
        try PriceList(try JSONCoding.decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test
    func `default prices: a provider's still $0.02, cards and the user's own images free, a clip $0.001`() throws {
        let prices = try PriceList.read(nil)
        #expect(prices.image(provider: "openai") == USD(0.02))
        #expect(prices.image(provider: "card", model: "card-1") == .zero)
        #expect(prices.image(provider: "folder") == .zero && prices.image(provider: "replicate") == USD(0.02))
        #expect(prices.clip == USD(0.001))
        #expect(prices.stitch(.local) == .zero && prices.stitch(.mediaconvert) == USD(0.01))
    }

    @Test
    func `the most specific price applies: model and quality, then model, then provider`() throws {
        let prices = try list(
            """
            {"image": {"default": 0.03, "openai": {"default": 0.02, "gpt-image-2": 0.04, "gpt-image-2/high": 0.08},
                       "replicate": 0.003},
             "clip": 0, "stitch": {"mediaconvert": 0.5}}
            """)
        #expect(prices.image(provider: "openai", model: "gpt-image-2", quality: "high") == USD(0.08))
        #expect(prices.image(provider: "openai", model: "gpt-image-2", quality: "low") == USD(0.04))
        #expect(prices.image(provider: "openai", model: "other", quality: "high") == USD(0.02))
        #expect(prices.image(provider: "replicate", model: "flux") == USD(0.003))
        #expect(prices.image(provider: "unlisted") == USD(0.03))
        #expect(prices.image(provider: "card") == .zero)
        #expect(prices.clip == .zero && prices.stitch(.mediaconvert) == USD(0.5) && prices.stitch(.local) == .zero)
    }

    @Test
    func `prices that a file omits keep their defaults`() throws {
        #expect(try list("{}") == PriceList())
        let prices = try list("{\"image\": {\"openai\": {\"dall-e\": 0.5}}}")
        #expect(prices.image(provider: "openai") == USD(0.02))
        #expect(prices.image(provider: "openai", model: "dall-e") == USD(0.5))
    }

    @Test
    func `a lead is priced per clip and per second; an unlisted lead has no price`() throws {
        let prices = try list("{\"lead\": {\"replicate\": {\"clip\": 0.5, \"second\": 0.05}, \"acme\": {}}}")
        #expect(prices.lead("replicate", seconds: 10) == USD(1))
        #expect(prices.lead("acme", seconds: 10) == .zero && prices.lead("other", seconds: 10) == .zero)
    }

    @Test
    func `all violations are reported, each with its JSON pointer`() {
        let error = #expect(throws: ServiceError.self) {
            try list(
                """
                {"clips": 1, "clip": -0.1, "image": {"openai": {"a/b": "cheap"}, "replicate": true},
                 "stitch": {"cloud": 1}, "lead": {"acme": 1, "replicate": {"second": -1, "minute": 2}}}
                """)
        }
        #expect(
            error?.message == """
                /clip: expected dollars from 0 to 1000, found -0.1; \
                /clips: unknown member, expected image, clip, stitch or lead; \
                /image/openai/a~1b: expected dollars from 0 to 1000, found "cheap"; \
                /image/replicate: expected dollars from 0 to 1000, found true; \
                /lead/acme: expected an object with clip and second; \
                /lead/replicate/minute: unknown member, expected clip or second; \
                /lead/replicate/second: expected dollars from 0 to 1000, found -1; \
                /stitch/cloud: unknown backend, expected local or mediaconvert
                """)
        let array = #expect(throws: ServiceError.self) { try list("[]") }
        #expect(array?.message == "/: expected an object with image, clip, stitch and lead")
    }

    @Test
    func `an unreadable file or invalid JSON is an error with the variable and the path`() throws {
        let missing = #expect(throws: ServiceError.self) { try PriceList.read("/nonexistent/prices.json") }
        #expect(missing?.message == "UNDERSTUDY_PRICES: /nonexistent/prices.json cannot be read")
        let path = TemporaryPath.new("prices", suffix: ".json")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "{".write(toFile: path, atomically: true, encoding: .utf8)
        let broken = #expect(throws: ServiceError.self) { try PriceList.read(path) }
        #expect(broken?.message == "UNDERSTUDY_PRICES: \(path) is not JSON")
    }
}
