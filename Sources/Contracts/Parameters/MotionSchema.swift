// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The JSON Schema of a `Motion`, which is a name or an object.
package enum MotionSchema {
    /// The description of the parameter in `rpc.discover`.
    package static let description =
        "The camera movement: none, a slow zoom in or out, or a movement from one part of the picture to another."

    /// The schema of the parameter in `rpc.discover`.
    package static let schema: JSONValue = [
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
        let share: JSONValue = ["type": "number", "minimum": 0, "maximum": 1]
        return [
            "type": "object",
            "description": .string("\(description) Fractions of the picture's width and height, from its top left."),
            "properties": ["x": share, "y": share, "width": share, "height": share],
            "required": ["x", "y", "width", "height"],
        ]
    }
}
