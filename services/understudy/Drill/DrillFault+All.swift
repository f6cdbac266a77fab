// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

/// All faults of the drill.
extension DrillFault {
    /// The cost of a takeover: a clip for each segment; cards are free.
    private static let takeoverCost = USD(0.001) * DrillStack.segments
    /// The lead's price of a film, whether it is usable or not.
    private static let leadCost = USD(0.15)

    /// The faults by rising number.
    static let all = connection + rejections + timeouts + brokenFilms + others + uselessFilms

    /// A script that delivers a good film.
    static let goodFilm = [film("whole.mp4")]

    /// The lead cannot be reached, or its connection or service fails.
    private static let connection = [
        DrillFault(
            number: 1, name: "connection refused", injection: .leadDown,
            expectation: takeover(2, .unavailable, Agent.lead.service)),
        DrillFault(
            number: 2, name: "reset before the reply", injection: .script([[["drop_connection": true]]]),
            expectation: takeover(2, .unavailable, Agent.lead.service)),
        DrillFault(
            number: 3, name: "one 500, then fine",
            injection: .script([failure("unavailable", "500 Internal Server Error"), film("whole.mp4")]),
            expectation: DrillExpectation(attempts: 2, outcome: .lead, cost: leadCost)),
        DrillFault(
            number: 4, name: "persistent 503", injection: .script([failure("unavailable", "503 Service Unavailable")]),
            expectation: takeover(2, .unavailable, "503 Service Unavailable")),
    ]

    /// The lead's provider rejects the request.
    private static let rejections = [
        DrillFault(
            number: 5, name: "429, the wait fits",
            injection: .script([failure("rate_limited", "429 Too Many Requests", retryAfter: 0.5), film("whole.mp4")]),
            expectation: DrillExpectation(attempts: 2, outcome: .lead, cost: leadCost, minimumWait: 0.5)),
        DrillFault(
            number: 6, name: "429, the wait does not fit",
            injection: .script([failure("rate_limited", "429 Too Many Requests", retryAfter: 3600)]),
            expectation: takeover(1, .rateLimited, "429 Too Many Requests")),
        DrillFault(
            number: 7, name: "quota exhausted",
            injection: .script([failure("quota_exhausted", "You exceeded your current quota")]),
            expectation: takeover(1, .quotaExhausted, "You exceeded your current quota")),
        DrillFault(
            number: 8, name: "content rejected",
            injection: .script([failure("content_rejected", "Your request was rejected by our safety system")]),
            expectation: takeover(1, .contentRejected, "Your request was rejected by our safety system")),
    ]

    /// The lead exceeds one of its timeouts.
    private static let timeouts = [
        DrillFault(
            number: 9, name: "accepts, never replies", injection: .script([[["hang": true]]]),
            options: ["agent5_timeout_s": 1.5], expectation: takeover(1, .timeout, "1.5 s", minimumWait: 1.5)),
        DrillFault(
            number: 10, name: "first progress too late",
            injection: .script([[["wait_ms": 3000], progress] + film("whole.mp4")]),
            options: ["agent5_first_progress_s": 1], expectation: takeover(1, .timeout, Agent.lead.name, minimumWait: 1)
        ),
        DrillFault(
            number: 11, name: "progress, then stall", injection: .script([[progress, ["hang": true]]]),
            options: ["agent5_stall_s": 1], expectation: takeover(1, .timeout, "no progress for 1", minimumWait: 1)),
    ]

    /// The lead delivers a broken film, and is paid.
    private static let brokenFilms = [
        DrillFault(
            number: 12, name: "film cut in the middle", injection: .script([film("cut.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
        DrillFault(
            number: 13, name: "a file that is not a video", injection: .script([film("text.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
        DrillFault(
            number: 14, name: "film too short", injection: .script([film("short.mp4")]),
            expectation: takeover(1, .corruptMedia, "Agent5's film", wasted: leadCost)),
    ]

    private static let others = [
        DrillFault(
            number: 15, name: "lead flaps", injection: .flapping,
            expectation: DrillExpectation(attempts: 0, outcome: .recovery(within: 30), cost: .zero)),
        DrillFault(
            number: 16, name: "the image provider fails too",
            injection: .imagesFail([failure("quota_exhausted", "You exceeded your current quota")]),
            expectation: DrillExpectation(
                attempts: 1,
                outcome: .failure(texts: ["You exceeded your current quota", FailingImageProvider.message]),
                cost: .zero)),
    ]

    /// The lead delivers a film that decodes and has the right duration, but is useless.
    private static let uselessFilms = [
        DrillFault(
            number: 17, name: "film black throughout", injection: .script([film("black.mp4")]),
            expectation: takeover(1, .corruptMedia, "is black throughout", wasted: leadCost)),
        DrillFault(
            number: 18, name: "one frame throughout", injection: .script([film("still.mp4")]),
            expectation: takeover(1, .corruptMedia, "the same picture", wasted: leadCost)),
        DrillFault(
            number: 19, name: "sound ends early", injection: .script([film("early.mp4")]),
            expectation: takeover(1, .corruptMedia, "has sound only up to 0.8 s", wasted: leadCost)),
    ]

    // MARK: - Steps of scripts

    private static let progress: JSONValue = ["progress": 0.1, "message": "rendering"]

    private static func failure(_ kind: String, _ message: String, retryAfter: Double? = nil) -> [JSONValue] {
        let delay = retryAfter.map { JSONValue.number($0) } ?? .null
        return [
            progress,
            [
                "fail": [
                    "kind": .string(kind), "message": .string(message), "provider": "acme-video",
                    "retry_after_s": delay,
                ]
            ],
        ]
    }

    private static func film(_ name: String) -> [JSONValue] {
        [progress, ["video": .string(name), "cost_usd": .number(leadCost.dollars)]]
    }

    private static func takeover(
        _ attempts: Int, _ kind: ErrorKind, _ text: String, wasted: USD = .zero, minimumWait: Double = 0
    ) -> DrillExpectation {
        DrillExpectation(
            attempts: attempts, outcome: .takeover(kind, text: text), cost: wasted + takeoverCost, wasted: wasted,
            minimumWait: minimumWait)
    }
}
