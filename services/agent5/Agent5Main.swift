// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import HTTP
import MediaService
import Prices
import Providers
import ServiceKit

/// The service `agent5`.
///
/// ```swift
/// await Agent5Main.main()
/// ```
package enum Agent5Main {
    /// Runs the service until it is stopped by a signal.
    package static func main() async {
        await ServiceProgram.run(description) { context in
            let provider = try ProviderSettings.provider(context)
            return ServiceApplication(methods: [
                MethodHandler(AgentAPI.process) { request, call in try await provider.process(request, call) }
            ])
        }
    }

    private static let description = ServiceDescription(
        "agent5", about: "The lead: makes the video, if a provider is configured.", capacity: 8)
}
