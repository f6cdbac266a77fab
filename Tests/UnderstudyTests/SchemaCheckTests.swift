// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import Testing

@testable import Understudy

/// What `understudy call` rejects before it sends anything.
@Suite(.timeLimit(.minutes(1))) struct SchemaCheckTests {
    private static let method: JSONValue = [
        "name": "x.make",
        "params": [
            ["name": "image", "required": true, "schema": ["type": "string", "minLength": 1, "maxLength": 5]],
            [
                "name": "width", "required": false,
                "schema": ["type": "integer", "minimum": 16, "maximum": 64, "x-unit": "px"],
            ],
            [
                "name": "motion", "required": false,
                "schema": [
                    "oneOf": [
                        ["type": "string", "enum": ["still", "ken_burns"]],
                        [
                            "type": "object", "required": ["from"],
                            "properties": ["from": ["type": "number", "minimum": 0, "maximum": 1]],
                        ],
                    ]
                ],
            ],
            [
                "name": "clips", "required": false,
                "schema": [
                    "type": "array", "maxItems": 2,
                    "items": ["type": "object", "properties": ["clip": ["type": "string"]], "required": ["clip"]],
                ],
            ],
            [
                "name": "edits", "required": false,
                "schema": ["type": "object", "additionalProperties": ["type": "boolean"]],
            ],
        ],
    ]

    @Test(
        arguments: [
            (["image": 5], "/image: expected a string of at most 5 characters"),
            (["image": "123456"], "/image: expected a string of at most 5 characters"),
            (["image": ""], "/image: expected a string of at most 5 characters"),
            ([:], "/image: expected a string of at most 5 characters"),
            (["image": nil], "/image: expected a string of at most 5 characters"),
            (["image": "a", "width": 8], "/width: expected an integer 16...64 px"),
            (["image": "a", "width": 20.5], "/width: expected an integer 16...64 px"),
            (["image": "a", "motion": "fast"], "/motion: expected one of still, ken_burns, or an object"),
            (["image": "a", "motion": ["from": 2]], "/motion/from: expected a number 0...1"),
            (["image": "a", "motion": [:]], "/motion/from: expected a number 0...1"),
            (["image": "a", "clips": [["clip": "c"], ["clip": 1]]], "/clips/1/clip: expected a string"),
            (["image": "a", "clips": [[:]]], "/clips/0/clip: expected a string"),
            (["image": "a", "clips": [[:], [:], [:]]], "/clips: expected an array of object"),
            (["image": "a", "edits": ["seg": "yes"]], "/edits/seg: expected a boolean"),
            (["image": "a", "widht": 20], "/widht: x.make has no such parameter; did you mean width?"),
        ] as [(JSONValue, String)])
    func `a violation is reported with its pointer and what is expected`(params: JSONValue, message: String) {
        let error = #expect(throws: ServiceError.self) { try SchemaCheck.check(params, of: Self.method) }
        #expect(error?.message == message && error?.kind == .invalidParams)
    }

    @Test(
        arguments: [
            ["image": "a"], ["image": "äöüßé", "width": 64, "motion": "still"],
            ["image": "a", "motion": ["from": 0], "clips": [["clip": "c", "other": 1]], "edits": ["a": true]],
            ["image": "a", "width": nil, "deadline_ms": 5, "progress": false, "_meta": [:], "job_id": "j"], ["a", "b"],
        ] as [JSONValue])
    func `valid parameters, and what the service has to decide, pass`(params: JSONValue) throws {
        try SchemaCheck.check(params, of: Self.method)
    }
}
