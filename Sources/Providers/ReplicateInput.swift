// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
package import JSON

/// The input template of a Replicate model: each model has its own members for size and length.
///
/// ```swift
/// let input = try ReplicateInput(#"{"width": "{width}"}"#, defaults: [:], variable: "UNDERSTUDY_REPLICATE_IMAGE_INPUT")
/// let json = input.json(.init(prompt: "a hill", width: 1920, height: 1080))
/// ```
package struct ReplicateInput: Sendable {
    /// The values that replace the placeholders of the template.
    package struct Values: Sendable {
        /// The prompt, sent as the member `prompt`.
        package var prompt: String
        /// The width in pixels.
        package var width: Int
        /// The height in pixels.
        package var height: Int
        /// The length of a clip in seconds; `nil` for an image.
        package var seconds: Int?
        /// The seed, sent as the member `seed`; `nil` to leave it out.
        package var seed: Int?

        /// - Parameters:
        ///   - prompt: The prompt.
        ///   - width: The width in pixels.
        ///   - height: The height in pixels.
        ///   - seconds: The length of a clip in seconds; `nil` for an image.
        ///   - seed: The seed; `nil` to leave it out.
        package init(prompt: String, width: Int, height: Int, seconds: Int? = nil, seed: Int? = nil) {
            self.prompt = prompt
            self.width = width
            self.height = height
            self.seconds = seconds
            self.seed = seed
        }
    }

    /// Aspect ratios of the Flux models; video models accept those of them that they support.
    private static let aspectRatios = [
        (21, 9), (16, 9), (3, 2), (4, 3), (5, 4), (1, 1), (4, 5), (3, 4), (2, 3), (9, 16), (9, 21),
    ]

    private let members: [String: JSONValue]

    /// - Parameters:
    ///   - text: A JSON object in which the strings `{width}`, `{height}`, `{aspect_ratio}` and `{seconds}` are placeholders.
    ///   - defaults: The members to use if `text` is `nil`.
    ///   - variable: The environment variable that `text` comes from, for the error.
    /// - Throws: `invalid_params` that names the variable, if `text` is not a JSON object.
    package init(_ text: String?, defaults: [String: JSONValue], variable: String) throws(ServiceError) {
        guard let text else {
            members = defaults
            return
        }
        guard let object = (try? JSONCoding.decode(JSONValue.self, from: Data(text.utf8)))?.object else {
            let example = (try? JSONCoding.encode(JSONValue.object(defaults))).map {
                String(decoding: $0, as: UTF8.self)
            }
            throw ServiceError(
                .invalidParams, "\(variable): expected a JSON object such as \(example ?? "{}")")
        }
        members = object
    }

    /// Returns the model's input with the placeholders replaced, the prompt and the seed.
    package func json(_ values: Values) -> JSONValue {
        var input = members.mapValues { value -> JSONValue in
            switch value.string {
            case "{width}": .integer(Int64(values.width))
            case "{height}": .integer(Int64(values.height))
            case "{aspect_ratio}": .string(Self.aspectRatio(values.width, values.height))
            case "{seconds}": values.seconds.map { .integer(Int64($0)) } ?? value
            default: value
            }
        }
        input["prompt"] = .string(values.prompt)
        if let seed = values.seed { input["seed"] = .integer(Int64(seed)) }
        return .object(input)
    }

    /// The closest of the supported aspect ratios, as `16:9`.
    private static func aspectRatio(_ width: Int, _ height: Int) -> String {
        func distance(_ ratio: (Int, Int)) -> Double {
            let (one, other) = (Double(width * ratio.1), Double(ratio.0 * height))
            return max(one, other) / min(one, other)
        }
        let best = aspectRatios.min { distance($0) < distance($1) } ?? (16, 9)
        return "\(best.0):\(best.1)"
    }
}
