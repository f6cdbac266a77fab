// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON

/// The query of a WebSocket, `/ws?job=&after_seq=`: what a client wants to watch.
struct WatchQuery {
    /// The path of the WebSocket.
    static let path = ["ws"]

    /// The job's ID; `nil` for all jobs.
    let job: String?
    /// The `seq` of the last message that the client has seen; `nil` for a new client.
    let seq: Int?

    /// Parses the query of a request.
    ///
    /// - Throws: `invalid_params` if `after_seq` is not a non-negative integer.
    init(_ request: WebRequest) throws(ServiceError) {
        job = request.query["job"]
        guard let text = request.query["after_seq"] else {
            seq = nil
            return
        }
        guard let number = Int(text), number >= 0 else {
            throw ServiceError.invalidParams(
                at: "/after_seq",
                expected: "a non-negative integer, found \(JSONText.quote(String(text.prefix(50))))")
        }
        seq = number
    }
}
