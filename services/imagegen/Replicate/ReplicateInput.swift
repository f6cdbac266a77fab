import Contracts
import FoundationEssentials
import JSONRPC

/// What a model at Replicate is sent beside the prompt: each model has names of its own for the size of a picture.
struct ReplicateInput: Sendable {
    /// Shapes that the Flux models draw.
    private static let shapes = [
        (21, 9), (16, 9), (3, 2), (4, 3), (5, 4), (1, 1), (4, 5), (3, 4), (2, 3), (9, 16), (9, 21),
    ]

    private let members: [String: JSONValue]

    /// - Parameter text: an object; the texts `{width}`, `{height}` and `{aspect_ratio}` stand for what a request asks for.
    ///   `{"aspect_ratio": "{aspect_ratio}", "output_format": "png"}` if absent.
    /// - Throws: `invalid_params` that names the variable.
    init(_ text: String?) throws(ServiceError) {
        guard let text else {
            members = ["aspect_ratio": "{aspect_ratio}", "output_format": "png"]
            return
        }
        guard let object = (try? JSONCoding.decode(JSONValue.self, from: Data(text.utf8)))?.object else {
            throw ServiceError(
                .invalidParams,
                #"UNDERSTUDY_REPLICATE_IMAGE_INPUT: expected a JSON object such as {"width": "{width}", "height": "{height}"}"#
            )
        }
        members = object
    }

    func json(for request: GenerateImage) -> JSONValue {
        var input = members.mapValues { value -> JSONValue in
            switch value.string {
            case "{width}": .integer(Int64(request.width))
            case "{height}": .integer(Int64(request.height))
            case "{aspect_ratio}": .string(Self.shape(request.width, request.height))
            default: value
            }
        }
        input["prompt"] = .string(request.prompt)
        if let seed = request.seed { input["seed"] = .integer(Int64(seed)) }
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
