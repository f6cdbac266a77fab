// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A call that is about to be sent, as interceptors see it.
package struct OutgoingCall: Sendable {
    /// The method's name.
    package let method: String
    /// The JSON text of the parameters, an object; `{}` if absent.
    package let params: Data?
    /// Whether the parameters contain `_meta`; job and trace are not added then.
    package let hasMeta: Bool
    /// How long to wait for the reply; no limit if absent.
    package var timeout: Duration?
    /// The job that the call is for.
    package var jobID: String?
    /// The W3C `traceparent`.
    package var traceparent: String?
}
