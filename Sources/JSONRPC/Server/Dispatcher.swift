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

    /// Whether calls of a method may begin on the connection's event loop: they neither block nor compute for long before they suspend.
    func isLight(_ method: String) -> Bool
}

extension Dispatcher {
    /// `false`: calls run on the threads of Swift concurrency.
    package func isLight(_ method: String) -> Bool { false }
}
