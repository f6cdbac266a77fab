package import Faults
package import FoundationEssentials
import JSON

/// Parameters, or a part of them, that say what their members are and may be.
///
/// ```swift
/// extension TailEvents: Described {
///     package static let parameters: [Parameter<TailEvents>] = [
///         .number("limit", { $0.limit }, LogBounds.limit, "Events at most."),
///     ]
/// }
/// ```
/// `rpc.discover` shows the bounds, and a call that exceeds one is refused before its service sees it.
package protocol Described: Sendable {
    /// One for each member, by its name on the wire.
    static var parameters: [Parameter<Self>] { get }
}

extension Described {
    /// All that is wrong.
    ///
    /// - Parameter pointer: the JSON pointer of this value.
    package func violations(at pointer: String = "") -> [Violation] {
        Self.parameters.flatMap { $0.violations(self, "\(pointer)/\($0.name)") }
    }

    /// - Throws: `invalid_params` that names the JSON pointer, the bound and what was found.
    package func check() throws(ServiceError) {
        if let error = violations().error { throw error }
    }
}

/// Reads the parameters of a call.
package enum CheckedParameters {
    /// - Throws: `DecodingError` for another shape; `invalid_params` for a value outside its bound.
    package static func decode<P: Decodable>(_ type: P.Type, from text: Data) throws -> P {
        let params = try JSONCoding.decode(type, from: text)
        try (params as? any Described)?.check()
        return params
    }
}
