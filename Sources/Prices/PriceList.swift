// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import Faults
import FoundationEssentials
package import JSON

/// The prices of all paid work, from the file that `UNDERSTUDY_PRICES` names; every service reads the same file.
///
/// ```json
/// {"image": {"default": 0.02, "openai": {"default": 0.04, "gpt-image-2/high": 0.08}, "replicate": 0.003},
///  "clip": 0.001,
///  "stitch": {"mediaconvert": 0.01},
///  "lead": {"replicate": {"clip": 0.0, "second": 0.1}}}
/// ```
/// All members are optional; amounts are US dollars from 0 to 1000.
///
/// ```swift
/// let prices = try PriceList.read("/etc/understudy/prices.json")
/// prices.image(provider: "openai", model: "gpt-image-2", quality: "high")
/// ```
package struct PriceList: Sendable, Equatable {
    /// By provider; `default` applies to providers that are not listed.
    private var images: [String: ImagePrices] = [:]
    /// The price of one clip of the understudy.
    package private(set) var clip = USD(0.001)
    /// The price of stitching one film, by backend.
    private var stitches: [StitchBackend: USD] = [.local: .zero, .mediaconvert: USD(0.01)]

    /// By provider; a lead that is not listed reports its own costs.
    private var leads: [String: LeadPrice] = [:]

    /// The default prices.
    package init() {
        images["default"] = ImagePrices(base: USD(0.02), exceptions: [:])
        images["card"] = ImagePrices(base: .zero, exceptions: [:])
        images["folder"] = ImagePrices(base: .zero, exceptions: [:])
    }

    /// The price of one image. The most specific entry applies: `model/quality`, then `model`, then the provider's default.
    ///
    /// - Parameters:
    ///   - provider: the name of the provider.
    ///   - model: the name of the model; the provider's default price if absent.
    ///   - quality: the quality requested from the model.
    package func image(provider: String, model: String? = nil, quality: String? = nil) -> USD {
        guard let prices = images[provider] ?? images["default"] else { return .zero }
        guard let model else { return prices.base }
        return quality.flatMap { prices.exceptions["\(model)/\($0)"] } ?? prices.exceptions[model] ?? prices.base
    }

    /// The price of stitching one film; for `auto`, that of the most expensive backend.
    package func stitch(_ backend: StitchBackend) -> USD {
        guard backend == .auto else { return stitches[backend] ?? .zero }
        return max(stitch(.local), stitch(.mediaconvert))
    }

    /// The price of one clip of a lead; zero for a provider that is not listed.
    ///
    /// - Parameters:
    ///   - provider: the name of the provider.
    ///   - seconds: the duration that is bought.
    package func lead(_ provider: String, seconds: Double) -> USD {
        guard let price = leads[provider] else { return .zero }
        return price.clip + USD(price.second.dollars * seconds)
    }

    private struct LeadPrice: Sendable, Equatable {
        var clip = USD.zero
        var second = USD.zero
    }

    /// The prices of one image provider: a base price, and exceptions by `model` or `model/quality`.
    private struct ImagePrices: Sendable, Equatable {
        var base: USD
        var exceptions: [String: USD]
    }
}

// MARK: - Reading

extension PriceList {
    /// Reads a price file. Prices that it omits keep their defaults.
    ///
    /// - Parameter path: the path of the file; the default prices if `nil`.
    /// - Throws: `invalid_params` with the file's path, and the JSON pointer of each violation.
    package static func read(_ path: String?) throws(ServiceError) -> PriceList {
        guard let path else { return PriceList() }
        let json: JSONValue
        do {
            json = try JSONCoding.decode(JSONValue.self, from: try Data(contentsOf: URL(filePath: path)))
        } catch is DecodingError {
            throw ServiceError(.invalidParams, "UNDERSTUDY_PRICES: \(path) is not JSON")
        } catch {
            throw ServiceError(.invalidParams, "UNDERSTUDY_PRICES: \(path) cannot be read")
        }
        do throws(ServiceError) {
            return try PriceList(json)
        } catch {
            var error = error
            error.message = "UNDERSTUDY_PRICES: \(path): \(error.message)"
            throw error
        }
    }

    /// Reads prices from JSON. Prices that it omits keep their defaults.
    ///
    /// - Throws: `invalid_params` with each violation and its JSON pointer.
    package init(_ json: JSONValue) throws(ServiceError) {
        self.init()
        var violations: [String] = []
        if let members = json.object {
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                switch name {
                case "image": readImages(value, &violations)
                case "clip": clip = Self.amount(value, at: "/clip", &violations)
                case "stitch": readStitches(value, &violations)
                case "lead": readLeads(value, &violations)
                default: violations.append("/\(name): unknown member, expected image, clip, stitch or lead")
                }
            }
        } else {
            violations.append("/: expected an object with image, clip, stitch and lead")
        }
        guard violations.isEmpty else {
            throw ServiceError(.invalidParams, violations.joined(separator: "; "))
        }
    }

    private mutating func readImages(_ json: JSONValue, _ violations: inout [String]) {
        guard let providers = json.object else {
            violations.append("/image: expected an object of providers")
            return
        }
        for (provider, value) in providers.sorted(by: { $0.key < $1.key }) {
            let pointer = "/image/\(provider)"
            guard let models = value.object else {
                images[provider] = ImagePrices(base: Self.amount(value, at: pointer, &violations), exceptions: [:])
                continue
            }
            var prices = ImagePrices(base: image(provider: provider), exceptions: [:])
            for (model, value) in models.sorted(by: { $0.key < $1.key }) {
                let name = model.replacing("~", with: "~0").replacing("/", with: "~1")
                let amount = Self.amount(value, at: "\(pointer)/\(name)", &violations)
                if model == "default" { prices.base = amount } else { prices.exceptions[model] = amount }
            }
            images[provider] = prices
        }
    }

    private mutating func readStitches(_ json: JSONValue, _ violations: inout [String]) {
        guard let backends = json.object else {
            violations.append("/stitch: expected an object of backends")
            return
        }
        for (name, value) in backends.sorted(by: { $0.key < $1.key }) {
            guard let backend = StitchBackend(rawValue: name), backend != .auto else {
                violations.append("/stitch/\(name): unknown backend, expected local or mediaconvert")
                continue
            }
            stitches[backend] = Self.amount(value, at: "/stitch/\(name)", &violations)
        }
    }

    private mutating func readLeads(_ json: JSONValue, _ violations: inout [String]) {
        guard let providers = json.object else {
            violations.append("/lead: expected an object of providers")
            return
        }
        for (provider, value) in providers.sorted(by: { $0.key < $1.key }) {
            guard let members = value.object else {
                violations.append("/lead/\(provider): expected an object with clip and second")
                continue
            }
            var price = LeadPrice()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                let pointer = "/lead/\(provider)/\(name)"
                switch name {
                case "clip": price.clip = Self.amount(value, at: pointer, &violations)
                case "second": price.second = Self.amount(value, at: pointer, &violations)
                default: violations.append("\(pointer): unknown member, expected clip or second")
                }
            }
            leads[provider] = price
        }
    }

    private static func amount(_ json: JSONValue, at pointer: String, _ violations: inout [String]) -> USD {
        guard let dollars = json.double, (0...1000).contains(dollars) else {
            violations.append("\(pointer): expected dollars from 0 to 1000, found \(json.text)")
            return .zero
        }
        return USD(dollars)
    }
}

extension JSONValue {
    fileprivate var text: String { (try? JSONCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}
