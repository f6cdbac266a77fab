// SPDX-License-Identifier: Apache-2.0

package import JSONRPC
package import Parameters

extension SetLogLevel: ValidatedParameters {
    /// The members of the request.
    package static let parameters: [Parameter<SetLogLevel>] = [
        .value("level", "The least severe level that is logged from now on; the level stays as it is if absent.")
    ]
}
