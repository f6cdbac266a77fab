import Contracts
import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Prices

@Suite struct PriceListTests {
    private func list(_ text: String) throws -> PriceList {
        try PriceList(try JSONCoding.decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test(
        "without a file a bought still costs two cents, a card and a picture of one's own nothing, a clip a tenth of a cent"
    )
    func defaults() throws {
        let prices = try PriceList.read(nil)
        #expect(prices.image(provider: "openai") == USD(0.02))
        #expect(prices.image(provider: "card", model: "card-1") == .zero)
        #expect(prices.image(provider: "folder") == .zero && prices.image(provider: "replicate") == USD(0.02))
        #expect(prices.clip == USD(0.001))
        #expect(prices.stitch(.local) == .zero && prices.stitch(.mediaconvert) == USD(0.01))
    }

    @Test("a price is looked up from the most particular to the most general")
    func lookup() throws {
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
        #expect(prices.image(provider: "nobody") == USD(0.03))
        #expect(prices.image(provider: "card") == .zero)
        #expect(prices.clip == .zero && prices.stitch(.mediaconvert) == USD(0.5) && prices.stitch(.local) == .zero)
    }

    @Test("what a file leaves out costs what it costs without a file")
    func partial() throws {
        #expect(try list("{}") == PriceList())
        let prices = try list("{\"image\": {\"openai\": {\"dall-e\": 0.5}}}")
        #expect(prices.image(provider: "openai") == USD(0.02))
        #expect(prices.image(provider: "openai", model: "dall-e") == USD(0.5))
    }

    @Test("a lead's clips cost by the piece and by the second; one that is not named costs nothing by the list")
    func leads() throws {
        let prices = try list("{\"lead\": {\"replicate\": {\"clip\": 0.5, \"second\": 0.05}, \"acme\": {}}}")
        #expect(prices.lead("replicate", seconds: 10) == USD(1))
        #expect(prices.lead("acme", seconds: 10) == .zero && prices.lead("other", seconds: 10) == .zero)
    }

    @Test("every violation of a file is named by its JSON pointer")
    func violations() {
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
                /clips: expected none; there are image, clip, stitch and lead; \
                /image/openai/a~1b: expected dollars from 0 to 1000, found "cheap"; \
                /image/replicate: expected dollars from 0 to 1000, found true; \
                /lead/acme: expected an object with clip and second; \
                /lead/replicate/minute: expected none; there are clip and second; \
                /lead/replicate/second: expected dollars from 0 to 1000, found -1; \
                /stitch/cloud: expected none; there are local and mediaconvert
                """)
        let odd = #expect(throws: ServiceError.self) { try list("[]") }
        #expect(odd?.message == "/: expected an object with image, clip, stitch and lead")
    }

    @Test("a file that is missing or is not JSON is one error that names the variable and the file")
    func unreadable() throws {
        let missing = #expect(throws: ServiceError.self) { try PriceList.read("/nowhere/prices.json") }
        #expect(missing?.message == "UNDERSTUDY_PRICES: /nowhere/prices.json cannot be read")
        let path = "/tmp/us-prices-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "{".write(toFile: path, atomically: true, encoding: .utf8)
        let broken = #expect(throws: ServiceError.self) { try PriceList.read(path) }
        #expect(broken?.message == "UNDERSTUDY_PRICES: \(path) is not JSON")
    }
}
