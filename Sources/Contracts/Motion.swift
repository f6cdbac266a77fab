// SPDX-License-Identifier: Apache-2.0

/// The camera movement over a still.
///
/// On the wire: `"still"`, `"ken_burns"`, or `{"from": {...}, "to": {...}, "ease": "ease_in_out"}`.
package enum Motion: Codable, Sendable, Equatable {
    /// No movement.
    case still
    /// A slow zoom in or out, derived from the segment's id and position.
    case kenBurns
    /// A movement from one part of the picture to another.
    case path(CameraPath)

    /// Decodes a motion.
    ///
    /// - Throws: `DecodingError` for an unknown name or an incomplete path.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = try? container.decode(String.self) else {
            self = .path(try CameraPath(from: decoder))
            return
        }
        switch name {
        case "still": self = .still
        case "ken_burns": self = .kenBurns
        default:
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "still, ken_burns, or {from, to, ease}")
        }
    }

    /// Encodes the motion as a name or as a path.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .path(let path): try path.encode(to: encoder)
        case .still:
            var container = encoder.singleValueContainer()
            try container.encode("still")
        case .kenBurns:
            var container = encoder.singleValueContainer()
            try container.encode("ken_burns")
        }
    }
}
