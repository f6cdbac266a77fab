// SPDX-License-Identifier: Apache-2.0

package import Faults
package import FoundationEssentials

/// Answers calls by running their methods.
package protocol Dispatcher: Sendable {
    /// Answers a call.
    ///
    /// - Returns: the JSON text of the result.
    /// - Throws: the error of the reply.
    func answer(_ call: Call) async throws(ServiceError) -> Data
}
