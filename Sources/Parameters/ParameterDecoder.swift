// SPDX-License-Identifier: Apache-2.0

import Faults
package import FoundationEssentials
import JSON

/// Decodes and validates the parameters of a call.
package enum ParameterDecoder {
    /// Decodes parameters and, if their type conforms to `ValidatedParameters`, validates them.
    ///
    /// - Throws: `DecodingError` if the shape is wrong; `invalid_params` if a value is out of bounds.
    package static func decode<P: Decodable>(_ type: P.Type, from text: Data) throws -> P {
        let params = try JSONCoding.decode(type, from: text)
        try check(params)
        return params
    }

    /// Validates parameters if their type conforms to `ValidatedParameters`.
    ///
    /// - Throws: `invalid_params` if a value is out of bounds.
    package static func check(_ params: some Any) throws {
        try (params as? any ValidatedParameters)?.validate()
    }
}
