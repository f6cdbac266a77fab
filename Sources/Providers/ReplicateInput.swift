package import Faults
import FoundationEssentials
package import JSON

/// What a model at Replicate is sent beside the prompt: each model has names of its own for size and length.
package struct ReplicateInput: Sendable {
    /// What is asked for.
    package struct Order: Sendable {
        package var prompt: String
        /// Pixels.
        package var width: Int
        package var height: Int
        /// The length of a clip.
        package var seconds: Int?
        package var seed: Int?

        package init(prompt: String, width: Int, height: Int, seconds: Int? = nil, seed: Int? = nil) {
            self.prompt = prompt
            self.width = width
            self.height = height
            self.seconds = seconds
            self.seed = seed
        }
    }

    /// Shapes that the Flux models draw; models that film know those of them that they need.
    private static let shapes = [
        (21, 9), (16, 9), (3, 2), (4, 3), (5, 4), (1, 1), (4, 5), (3, 4), (2, 3), (9, 16), (9, 21),
    ]

    private let members: [String: JSONValue]

    /// - Parameters:
    ///   - text: an object; the texts `{width}`, `{height}`, `{aspect_ratio}` and `{seconds}` stand for what is asked for.
    ///   - usual: stands for an absent text.
    ///   - variable: that the text comes from.
    /// - Throws: `invalid_params` that names the variable.
    package init(_ text: String?, usual: [String: JSONValue], variable: String) throws(ServiceError) {
        guard let text else {
            members = usual
            return
        }
        guard let object = (try? JSONCoding.decode(JSONValue.self, from: Data(text.utf8)))?.object else {
            let example = (try? JSONCoding.encode(JSONValue.object(usual))).map { String(decoding: $0, as: UTF8.self) }
            throw ServiceError(
                .invalidParams, "\(variable): expected a JSON object such as \(example ?? "{}")")
        }
        members = object
    }

    package func json(_ order: Order) -> JSONValue {
        var input = members.mapValues { value -> JSONValue in
            switch value.string {
            case "{width}": .integer(Int64(order.width))
            case "{height}": .integer(Int64(order.height))
            case "{aspect_ratio}": .string(Self.shape(order.width, order.height))
            case "{seconds}": order.seconds.map { .integer(Int64($0)) } ?? value
            default: value
            }
        }
        input["prompt"] = .string(order.prompt)
        if let seed = order.seed { input["seed"] = .integer(Int64(seed)) }
        return .object(input)
    }

    /// The shape that comes nearest.
    private static func shape(_ width: Int, _ height: Int) -> String {
        func distance(_ shape: (Int, Int)) -> Double {
            let (one, other) = (Double(width * shape.1), Double(shape.0 * height))
            return max(one, other) / min(one, other)
        }
        let best = shapes.min { distance($0) < distance($1) } ?? (16, 9)
        return "\(best.0):\(best.1)"
    }
}
