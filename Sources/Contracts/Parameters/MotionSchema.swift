package import JSON

/// How the schema of a call describes a `Motion`, which is a name or an object.
package enum MotionSchema {
    package static let description =
        "How the still moves: not at all, slowly into the picture or out of it, or from one part of the picture to another."

    package static let schema: JSONValue = [
        "oneOf": [
            ["type": "string", "enum": ["still", "ken_burns"]],
            [
                "type": "object",
                "properties": [
                    "from": rectangle("The part of the picture that is seen first."),
                    "to": rectangle("The part of the picture that is seen last."),
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
