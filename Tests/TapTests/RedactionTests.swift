// SPDX-License-Identifier: Apache-2.0

import JSON
import Tap
import Testing

/// Secrets in mirrored messages are replaced, and nothing else is.
@Suite(.timeLimit(.minutes(1))) struct RedactionTests {
    private let redaction = Redaction(environment: [
        "OPENAI_API_KEY": "plain-value-of-a-key", "UNDERSTUDY_DASHBOARD_TOKEN": "short", "HOME": "/home/someone",
    ])

    @Test(arguments: [
        ("api_key", true), ("apiKey", true), ("X-Api-Key", true), ("access_token", true),
        ("aws_secret_access_key", true),
        ("Authorization", true), ("password", true), ("client_credentials", true), ("Set-Cookie", true),
        ("idempotency_key", false), ("max_tokens", false), ("prompt", false), ("keys", false), ("monkey", false),
    ])
    func `members with the names of secrets are hidden, whatever is in them`(name: String, isSecret: Bool) {
        let value: JSONValue = ["deep": [1, "text", nil, true]]
        let hidden: JSONValue = ["deep": ["***", "***", nil, true]]
        #expect(redaction.redacted([:]) == [:])
        #expect(redaction.redacted(.object([name: value])) == .object([name: isSecret ? hidden : value]))
        #expect(redaction.redacted(.array([.object([name: "x"])])) == [.object([name: isSecret ? "***" : "x"])])
    }

    @Test(arguments: [
        ("https://user:password@example.com/a?b=c", "https://***@example.com/a?b=c"),
        (
            "see https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA/1&X-Amz-Signature=ab12&x=1, then",
            "see https://b.s3.amazonaws.com/k?X-Amz-Credential=***&X-Amz-Signature=***&x=1, then"
        ),
        ("https://e.com/?key=1&sig=2&page=3#end", "https://e.com/?key=***&sig=***&page=3#end"),
        ("s3://bucket/folder/key.png", "s3://bucket/folder/key.png"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("the bearer of news", "the bearer *** news"),
        ("Incorrect API key provided: sk-abcdefghijklmnop.", "Incorrect API key provided: sk-***."),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA***"),
        ("a task-list of sk-tests", "a task-list of sk-tests"),
        ("the key plain-value-of-a-key was rejected", "the key *** was rejected"),
        ("a short walk home, /home/someone", "a short walk home, /home/someone"),
        ("A harbour at dawn: boats, gulls", "A harbour at dawn: boats, gulls"),
    ])
    func `credentials in texts are hidden`(text: String, expected: String) {
        #expect(redaction.redacted(.string(text)) == .string(expected))
        #expect(redaction.redacted(["message": .string(text)]) == ["message": .string(expected)])
    }
}
