import Calls
import Contracts
import Faults
import JSON
import JSONRPC
import ServiceKit
import ServicePool

/// Where the page is served.
enum PageAddress {
    /// - Returns: `http://127.0.0.1:8686`, ...
    /// - Throws: `unavailable` where no dashboard runs.
    static func find(in directory: RunDirectory) async throws -> String {
        let connection = try await Callee.connect(.dashboard, in: directory)
        let stats = try await connection.call(ServiceStats.method, NoParams(), timeout: .seconds(5))
        await connection.close()
        guard let address = stats.details?["address"]?.string else {
            throw ServiceError(.unavailable, "the dashboard in \(directory.path) does not tell its address")
        }
        return address
    }
}
