// SPDX-License-Identifier: Apache-2.0

import JSON
import Parameters
import Untrusted

extension Parameter {
    /// The camera movement of a clip, which is a name or an object.
    ///
    /// - Parameter value: reads the member; `nil` if it is absent.
    static func motion(_ name: String, _ value: @escaping @Sendable (Owner) -> Motion?) -> Parameter {
        .value(
            name,
            "The camera movement: none, a slow zoom in or out, or a movement from one part of the picture to another.",
            schema: MotionSchema.schema
        ) { owner, pointer in
            guard case .path(let path)? = value(owner) else { return [] }
            return [("from", path.from), ("to", path.to)].compactMap { end, rectangle in
                rectangle.unmetRequirement.map { Violation(pointer: "\(pointer)/\(end)", expected: $0) }
            }
        }
    }
}

/// The JSON Schema of a `Motion`.
private enum MotionSchema {
    static let schema: JSONValue = [
        "oneOf": [
            ["type": "string", "enum": ["still", "ken_burns"]],
            [
                "type": "object",
                "properties": [
                    "from": rectangle("The part of the picture that is shown first."),
                    "to": rectangle("The part of the picture that is shown last."),
                    "ease": [
                        "type": "string", "enum": .array(MotionEase.allCases.map { .string($0.rawValue) }),
                        "default": "ease_in_out", "description": "How the speed changes.",
                    ],
                ],
                "required": ["from", "to"],
            ],
        ],
        "default": "still",
    ]

    private static func rectangle(_ description: String) -> JSONValue {
        func share(_ description: String, minimum: Double = 0) -> JSONValue {
            ["type": "number", "minimum": .number(minimum), "maximum": 1, "description": .string(description)]
        }
        return [
            "type": "object",
            "description": .string("\(description) Fractions of the picture's width and height, from its top left."),
            "properties": [
                "x": share("The left edge."), "y": share("The top edge."),
                "width": share("The width, equal to the height.", minimum: PictureArea.minimum),
                "height": share("The height.", minimum: PictureArea.minimum),
            ],
            "required": ["x", "y", "width", "height"],
        ]
    }
}
