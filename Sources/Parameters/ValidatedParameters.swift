// SPDX-License-Identifier: Apache-2.0

package import Faults

/// Parameters of a call, or a part of them, with declared descriptions and bounds.
///
/// ```swift
/// extension TailEvents: ValidatedParameters {
///     package static let parameters: [Parameter<TailEvents>] = [
///         .number("limit", { $0.limit }, LogBounds.limit, "The maximum number of events."),
///     ]
/// }
/// ```
/// `rpc.discover` publishes the bounds, and calls that violate one are rejected before they reach the method's handler.
package protocol ValidatedParameters: Sendable {
    /// One entry for each member.
    static var parameters: [Parameter<Self>] { get }
}

extension ValidatedParameters {
    /// Validates all members.
    ///
    /// - Parameter pointer: the JSON pointer of this value.
    /// - Returns: all violations, in the order of `parameters`.
    package func violations(at pointer: String = "") -> [Violation] {
        Self.parameters.flatMap { $0.violations(self, "\(pointer)/\($0.name)") }
    }

    /// Validates all members.
    ///
    /// - Throws: `invalid_params` with the JSON pointer, the bound and the value that was found.
    package func validate() throws(ServiceError) {
        if let error = violations().error { throw error }
    }
}
