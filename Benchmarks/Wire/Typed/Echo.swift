// SPDX-License-Identifier: Apache-2.0

import Calls

/// The parameters and the result of `bench.echo`: text of a given length.
struct Echo: Codable, Sendable {
    let text: String

    static let service = ServiceName(rawValue: "bench")
    static let method = Method<Echo, Echo>(
        "bench.echo", of: service, idempotent: true, load: .light, summary: "Returns its parameters.")
}
