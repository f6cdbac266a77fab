// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

/// A response of an image server, observed or to be expected, and the outcome that it must have.
struct ImageServerCase: Sendable {
    var name: String
    /// The response of the stand-in to each order; see `openai_images.py`.
    var fault: JSONValue
    /// The kind of the error; `nil` if the image is delivered.
    var kind: ErrorKind?
    /// The number of orders, if the budget allows two.
    var orders = 1
    /// The number of orders that are booked as wasted.
    var wasted = 0
    /// The number of orders that are booked as unknown.
    var unknown = 0
    /// A part of the error's detail.
    var detail = ""
    /// A part of the error's message.
    var message = ""

    private static func good(_ name: String, _ template: String, _ more: JSONValue = [:]) -> ImageServerCase {
        ImageServerCase(name: name, fault: answer(template, more))
    }

    private static func answer(_ template: String, _ more: JSONValue) -> JSONValue {
        .object(["template": .string(template)].merging(more.object ?? [:]) { $1 })
    }

    private static func bad(
        _ name: String, _ status: Int, _ template: String, _ kind: ErrorKind, with more: JSONValue = [:],
        orders: Int = 1,
        wasted: Int = 0, unknown: Int = 0, detail: String = "", message: String = ""
    ) -> ImageServerCase {
        let fault = answer(template, .object((more.object ?? [:]).merging(["status": .integer(Int64(status))]) { $1 }))
        return ImageServerCase(
            name: name, fault: fault, kind: kind, orders: orders, wasted: wasted, unknown: unknown, detail: detail,
            message: message)
    }

    // MARK: - Images

    /// Responses with a usable image.
    static let images: [ImageServerCase] = [
        good("b64_json as a data URI", #"{"data": [{"b64_json": "$DATA"}]}"#),
        good("URL-safe base64", #"{"data": [{"b64_json": "$URLSAFE"}]}"#),
        good("base64 without padding", #"{"data": [{"b64_json": "$NOPAD"}]}"#),
        good("base64 with line breaks", #"{"data": [{"b64_json": "$LINES"}]}"#),
        good("base64 with spaces", #"{"data": [{"b64_json": "$SPACES"}]}"#),
        good("a byte order mark", #"{"data": [{"b64_json": "$B64"}]}"#, ["bom": true]),
        good("base64 in quotation marks", #"{"data": [{"b64_json": "\"$B64\""}]}"#),
        good("base64 as Python shows bytes", #"{"data": [{"b64_json": "b'$B64'"}]}"#),
        good("a data URI without its scheme", #"{"data": [{"b64_json": "image/png;base64,$B64"}]}"#),
        good("base64 after a prefix", #"{"images": ["base64,$B64"]}"#),
        good("a JSON text in a JSON text", #""{\"data\": [{\"b64_json\": \"$B64\"}]}""#),
        good("gzip", #"{"data": [{"b64_json": "$B64"}]}"#, ["encoding": "gzip"]),
        good("deflate", #"{"data": [{"b64_json": "$B64"}]}"#, ["encoding": "deflate"]),
        good("url as a data URI", #"{"data": [{"url": "$DATA"}]}"#),
        good("url as a data URI, percent-encoded", #"{"data": [{"url": "$PERCENT"}]}"#),
        good("url as a data URI of percent-encoded base64", #"{"data": [{"url": "$PERB64"}]}"#),
        good("a relative url", #"{"data": [{"url": "$LINK"}]}"#),
        good("url null, base64 present", #"{"data": [{"url": null, "b64_json": "$B64"}]}"#),
        good("base64 null, url present", #"{"data": [{"b64_json": null, "url": "$URL"}]}"#),
        good("base64 empty, url present", #"{"data": [{"b64_json": "", "url": "$URL"}]}"#),
        good("images[].url", #"{"images": [{"url": "$URL", "content_type": "image/png"}], "prompt": "x"}"#),
        good("images[] of base64", #"{"images": ["$B64"], "parameters": {"init_images": ["$SMALL"]}, "info": "{}"}"#),
        good("images[] of data URIs", #"{"images": ["$DATA"]}"#),
        good("images[].image", #"{"images": [{"index": 0, "image": "$B64"}]}"#),
        good("image", #"{"image": "$B64", "finish_reason": "SUCCESS", "seed": 1}"#),
        good("result.image", #"{"success": true, "errors": [], "result": {"image": "$B64"}}"#),
        good("output[] of URLs", #"{"id": "x", "input": {"image": "$SMALL"}, "output": ["$URL"]}"#),
        good("artifacts[].base64", #"{"artifacts": [{"base64": "$B64", "seed": 1, "finishReason": "SUCCESS"}]}"#),
        good("data.image_urls", #"{"data": {"image_urls": ["$URL"]}, "base_resp": {"status_code": 0}}"#),
        good("predictions[]", #"{"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": "$B64"}]}"#),
        ImageServerCase(name: "the image as the body", fault: ["bytes": true, "type": "image/png"]),
        good(
            "events, two previews before the image",
            """
            event: image_generation.partial_image
            data: {"type": "image_generation.partial_image", "b64_json": "$SMALL", "partial_image_index": 0}

            event: image_generation.partial_image
            data: {"type": "image_generation.partial_image", "b64_json": "$SMALL", "partial_image_index": 1}

            event: image_generation.completed
            data: {"type": "image_generation.completed", "b64_json": "$B64", "usage": {"total_tokens": 1}}


            """, ["type": "text/event-stream"]),
        good(
            "events without names, in several lines",
            ": hello\r\ndata: {\"type\": \"image_generation.partial_image\", \"b64_json\": \"$SMALL\"}\r\n\r\n"
                + "data: {\"data\":\r\ndata: [{\"b64_json\": \"$B64\"}]}\r\n\r\ndata: [DONE]\r\n\r\n",
            ["type": "text/event-stream; charset=utf-8"]),
        good(
            "lines of JSON",
            "{\"status\": \"processing\", \"image\": \"$SMALL\"}\n{\"done\": true, \"image\": \"$B64\"}\n",
            ["type": "application/x-ndjson"]),
        good(
            "an operation of Azure", #"{"id": "$ID", "status": "notRunning"}"#,
            [
                "status": 202, "headers": ["operation-location": "$POLL?api-version=1"],
                "polls": [
                    ["template": #"{"id": "$ID", "status": "running"}"#], ["status": 503, "template": "later"],
                    ["template": "<html>a page</html>", "type": "text/html"],
                    [
                        "template":
                            #"{"id": "$ID", "status": "succeeded", "result": {"created": 1, "data": [{"url": "$URL"}]}}"#
                    ],
                ],
            ]),
        good(
            "202 with Location and no body", "",
            [
                "status": 202, "headers": ["Location": "/operations/images/$N"],
                "polls": [
                    ["template": #"{"data": [{"b64_json": "$B64"}]}"#]
                ],
            ]),
        good(
            "an operation that succeeds before its image is available",
            #"{"status": "accepted", "links": {"self": "/operations/images/$N"}}"#,
            [
                "status": 202,
                "polls": [
                    ["template": #"{"status": "succeeded"}"#], ["template": #"{"status": "succeeded", "url": "$URL"}"#],
                ],
            ]),
        good(
            "a queue with a separate URL of the result",
            #"{"request_id": "r", "status": "IN_QUEUE", "response_url": "$LINK", "status_url": "$POLL"}"#,
            [
                "polls": [
                    ["template": #"{"status": "IN_PROGRESS"}"#],
                    ["template": #"{"status": "COMPLETED", "response_url": "$LINK"}"#],
                ]
            ]),
    ]

    /// Faulty responses to polls of an accepted order.
    static let pollFaults: [JSONValue] = [
        [["template": #"{"error": {"code": 429, "message": "slow down"}}"#]],
        [["template": #"{"error": {"code": 502, "message": "upstream connect error"}}"#]],
        [["template": #"{"error": "temporarily unavailable"}"#]], [["template": #"{"detail": "rate limited"}"#]],
        [["template": #"{"error": {"code": 401, "message": "busy"}}"#]],
        [["template": #"{"status": "error", "message": "temporarily unavailable"}"#]],
        [["template": #"{"status": "fail", "message": "x", "request_id": "r"}"#]],
        [["template": #"{"status": "failed", "message": "upstream"}"#]],
        [["template": #"{"success": false, "message": "too many requests"}"#]],
        [["status": 503, "template": #"{"status": "error", "message": "x"}"#]],
        [["status": 403, "template": "<html>a</html>"], ["template": "{}"]],
        .array(Array(repeating: ["status": 404, "template": #"{"error": {"message": "not yet"}}"#], count: 4)),
    ]

    // MARK: - Rejections

    /// Responses that reject an order.
    static let rejections: [ImageServerCase] = [
        bad(
            "Azure's content filter", 400,
            """
            {"error": {"code": "contentFilter", "message": "Your task failed as a result of our safety system.",
             "inner_error": {"code": "ResponsibleAIPolicyViolation", "content_filter_results":
              {"violence": {"filtered": true, "severity": "high"}, "hate": {"filtered": false, "severity": "safe"}}}}}
            """, .contentRejected, detail: "violence (high)", message: "safety system"),
        bad(
            "Azure's content filter, cause alone", 400,
            #"{"error": {"code": null, "message": "rejected", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}"#,
            .contentRejected, detail: "rejected"),
        bad(
            "LiteLLM's content policy", 400,
            #"{"error": {"message": "litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - a knife", "type": null, "param": null, "code": "400"}}"#,
            .contentRejected, detail: "a knife"),
        bad(
            "LiteLLM's content policy, in its fields", 400,
            #"{"error": {"message": "no", "code": "400", "provider_specific_fields": {"innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": true, "severity": "medium"}}}}}}"#,
            .contentRejected, detail: "hate (medium)"),
        bad(
            "moderation in the message", 400,
            #"{"code": "Client specified an invalid argument", "error": "Generated image rejected by content moderation."}"#,
            .contentRejected, detail: "rejected by content moderation"),
        bad(
            "the upstream error as a text", 400,
            #"{"success": false, "error": {"message": "{\"error\": {\"code\": \"content_policy_violation\", \"message\": \"a knife\"}}"}}"#,
            .contentRejected, detail: "a knife"),
        bad(
            "an image that the filter blackened", 200,
            #"{"artifacts": [{"base64": "$B64", "finishReason": "CONTENT_FILTERED"}]}"#, .contentRejected, wasted: 1,
            detail: "content_filtered"),
        bad(
            "an image that the filter withheld", 200,
            #"{"data": [{"url": null, "content_filter_results": {"sexual": {"filtered": true, "severity": "high"}}}]}"#,
            .contentRejected, wasted: 1, detail: "sexual"),
        bad(
            "402 in a 200", 200, #"{"error": {"code": 402, "message": "Insufficient credits"}}"#, .quotaExhausted,
            message: "Insufficient credits"),
        bad("402 in a 200, as a text", 200, #"{"error": {"code": "402", "message": "pay"}}"#, .quotaExhausted),
        bad("401 in a 200", 200, #"{"code": 401, "message": "bad key", "success": false}"#, .unauthorized),
        bad("429 in a 200", 200, #"{"error": {"code": 429, "message": "slow down"}}"#, .rateLimited, orders: 2),
        bad(
            "an error in a 200 without a number", 200, #"{"error": {"code": "server_error", "message": "overloaded"}}"#,
            .unavailable, unknown: 1, message: "overloaded"),
        bad(
            "402 in a 200, as errcode", 200, #"{"errcode": 402, "errmsg": "pay up"}"#, .quotaExhausted,
            message: "pay up"),
        bad(
            "content policy in a 500", 500,
            #"{"error": {"message": "ContentPolicyViolationError: a knife", "code": "500"}}"#,
            .contentRejected, detail: "a knife"),
        bad(
            "an upstream rejection in a 500", 500, #"{"error": {"message": "no such size", "code": "400"}}"#,
            .invalidParams, message: "no such size"),
        bad(
            "base64 in lines after the message", 400,
            #"{"error": {"message": "bad image: \#(lines)"}}"#, .invalidParams, message: "bad image:"),
        bad(
            "base64 as the reason", 400, #"{"error": {"code": "contentFilter", "message": "blocked: $SMALL"}}"#,
            .contentRejected, detail: "blocked:"),
        bad(
            "a fragment of a page", 400, #"{"error": {"message": "<center><h1>400</h1>secret</center>"}}"#,
            .invalidParams),
        bad(
            "a message and a fragment of a page", 400, #"{"error": {"message": "no <b>secret</b>"}}"#, .invalidParams,
            message: "no"),
        bad(
            "the prompt as the message", 400,
            #"{"error": {"message": "Invalid prompt: \#(String(repeating: "word ", count: 400))"}}"#, .invalidParams,
            message: "Invalid prompt"),
        bad(
            "a data URI as the message", 400, #"{"error": {"message": "data:image/png;base64,secret"}}"#, .invalidParams
        ),
        bad(
            "an operation that fails", 202, #"{"id": "$ID", "status": "running"}"#,
            .contentRejected,
            with: [
                "headers": ["operation-location": "$POLL"],
                "polls": [
                    [
                        "template":
                            #"{"status": "failed", "error": {"code": "contentFilter", "message": "a knife"}}"#
                    ]
                ],
            ], detail: "a knife"),
    ]

    /// Base64 with 40 characters in each line.
    private static let lines = Array(repeating: "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNl", count: 20).joined(
        separator: #"\n"#)

    // MARK: - Orders of unknown state, and unusable images

    /// Responses after which an order may have been charged for without a usable image.
    static let losses = gateways + others

    private static let gateways: [ImageServerCase] =
        [502, 504, 520, 522, 524].map { status in
            bad(
                "\(status)", status, "<html><title>\(status)</title><b>cloud</b></html>", .unavailable,
                with: ["type": "text/html"],
                unknown: 1, message: "\(status) with a web page")
        }

    private static let others: [ImageServerCase] =
        [
            bad(
                "LiteLLM's time-out", 408, #"{"error": {"message": "litellm.Timeout: AzureException", "code": "408"}}"#,
                .unavailable, unknown: 1),
            bad(
                "LiteLLM's lost connection", 500,
                #"{"error": {"message": "litellm.APIConnectionError: OpenAIException", "code": "500"}}"#, .unavailable,
                unknown: 1),
            ImageServerCase(name: "a reset", fault: ["reset": true], kind: .unavailable, unknown: 1),
            bad(
                "an unknown operation", 202, #"{"id": "$ID", "status": "running"}"#,
                .unavailable, with: ["headers": ["operation-location": "/operations/none"], "polls": []], unknown: 1,
                message: "its status cannot be read"),
            bad("500", 500, #"{"error": {"message": "boom", "code": "server_error"}}"#, .unavailable, unknown: 1),
            bad("a page with 503", 503, "<html>busy</html>", .unavailable, with: ["type": "text/html"], unknown: 1),
            bad("521", 521, "<html>down</html>", .unavailable, with: ["type": "text/html"], unknown: 1),
            bad("303", 303, "", .unavailable, with: ["headers": ["Location": "/v1/images/1"]], unknown: 1),
            bad("499", 499, "", .invalidParams, unknown: 1, message: "not sent again"),
            bad(
                "overloaded", 503,
                #"{"error": {"message": "The engine is currently overloaded", "type": "server_error"}}"#,
                .unavailable, orders: 2, unknown: 2, message: "overloaded"),
            bad(
                "503 with Retry-After", 503, "", .unavailable, with: ["headers": ["Retry-After": "0"]], orders: 2,
                unknown: 2
            ),
            bad("an empty object", 200, "{}", .unavailable, unknown: 1),
            bad("a web page", 200, "<html>sign in</html>", .unavailable, with: ["type": "text/html"], unknown: 1),
            bad(
                "no credit in the message", 200,
                #"{"data": {}, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}"#,
                .quotaExhausted, unknown: 1, message: "insufficient balance"),
            bad(
                "no credit with a proprietary code", 200,
                #"{"code": 30001, "message": "account balance is insufficient", "data": null}"#, .quotaExhausted,
                unknown: 1,
                message: "balance is insufficient"),
            bad(
                "a message with a proprietary code", 200, #"{"code": 1102, "msg": "no such style", "request_id": "x"}"#,
                .unavailable,
                unknown: 1, message: "no such style"),
            bad("202 with nothing", 202, "", .unavailable, unknown: 1, message: "contains no id or status URL"),
            bad(
                "202 with an empty object", 202, "{}", .unavailable, unknown: 1,
                message: "contains no id or status URL"),
            bad(
                "202 with a text", 202, "Accepted", .unavailable, with: ["type": "text/plain"], unknown: 1,
                message: "contains no id or status URL"),
            bad(
                "only a status", 200, #"{"status": "processing"}"#, .unavailable, unknown: 1,
                message: "contains no id or status URL"),
            bad(
                "an operation without an image", 202, #"{"id": "$ID", "status": "running"}"#, .unavailable,
                with: [
                    "headers": ["operation-location": "$POLL"], "polls": [["template": #"{"status": "succeeded"}"#]],
                ],
                wasted: 1, message: "succeeded without an image"),
            bad(
                "only a draft", 200,
                "event: image.draft\ndata: {\"b64_json\": \"$B64\", \"step\": 1, \"total_steps\": 4}\n\n",
                .unavailable, with: ["type": "text/event-stream"], orders: 2, wasted: 2, message: "1 preview"),
            bad(
                "only an image of a few pixels", 200, "data: {\"b64_json\": \"$SMALL\"}\n\n", .unavailable,
                with: ["type": "text/event-stream"], orders: 2, wasted: 2, message: "1 preview"),
            bad(
                "a truncated image", 200, #"{"data": [{"b64_json": "$CUT"}]}"#, .corruptMedia, orders: 2, wasted: 2),
            bad(
                "only previews", 200,
                "event: image_generation.partial_image\ndata: {\"b64_json\": \"$B64\", \"partial_image_index\": 0}\n\n",
                .unavailable, with: ["type": "text/event-stream"], orders: 2, wasted: 2, message: "1 preview"),
            bad(
                "an error at the end of a stream", 200,
                "event: image_generation.partial_image\ndata: {\"b64_json\": \"$SMALL\"}\n\n"
                    + "event: error\ndata: {\"error\": {\"code\": 402, \"message\": \"no credit left\"}}\n\n",
                .quotaExhausted, with: ["type": "text/event-stream"], message: "no credit left"),
            bad(
                "a page as the message", 500,
                #"{"error": {"message": "<!DOCTYPE html><html><body>secret\#(String(repeating: "x", count: 5000))</body></html>"}}"#,
                .unavailable, unknown: 1),
            bad(
                "a binary body", 500, String(repeating: "\u{1}\u{7F}secret", count: 500),
                .unavailable, with: ["type": "application/octet-stream"], unknown: 1),
            bad(
                "base64 as the message", 500, #"{"error": "$B64"}"#, .unavailable, unknown: 1),
        ]
}
