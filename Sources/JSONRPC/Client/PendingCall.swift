// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore

/// A call of a client whose reply has not arrived.
struct PendingCall: Sendable {
    let method: String
    let continuation: CheckedContinuation<Data, any Error>
    let onProgress: (@Sendable (ProgressReport) -> Void)?
    /// How long to wait for the reply after the call was cancelled.
    let settlementTimeout: Duration?
    /// The bytes of the request line.
    let bytes: Int
    /// When the wait for the reply ends; absent without a deadline.
    var end: NIODeadline?
    /// Whether the call was cancelled and its reply is awaited until `end`.
    var isSettling = false
}
