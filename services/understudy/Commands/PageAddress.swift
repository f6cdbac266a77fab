// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import JSON
import JSONRPC
import ServiceKit
import ServicePool

/// The address of the web page.
enum PageAddress {
    /// Asks the running dashboard for its address.
    ///
    /// - Returns: a URL such as `http://127.0.0.1:8686`.
    /// - Throws: `unavailable` if no dashboard is running.
    static func find(in directory: RunDirectory) async throws -> String {
        let connection = try await ReplicaConnection.connect(.dashboard, in: directory)
        let stats = try await connection.call(ServiceStats.method, NoParams(), timeout: .seconds(5))
        await connection.close()
        guard let address = stats.details?["address"]?.string else {
            throw ServiceError(.unavailable, "the dashboard in \(directory.path) does not report its address")
        }
        return address
    }
}
