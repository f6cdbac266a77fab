// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A notification from the server.
package struct RPCNotification: Sendable {
    /// The method's name.
    package let method: String
    /// The JSON text of `params`.
    package let params: Data
}
