// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Untrusted

/// The numbers of replicas by service, e.g. `imagegen=2,clipper=2`.
struct ReplicaCounts: ExpressibleByArgument, Equatable {
    /// What a number of replicas must be.
    static let expectation = "a service with 1 to 64 replicas; there is one orchestrator"

    var counts: [String: Int] = [:]

    /// What the help shows for `--scale`.
    var defaultValueDescription: String { "one of each" }

    init() {}

    init?(argument: String) {
        for part in argument.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let count = Int(pair[1]), Self.isValid(String(pair[0]), count) else { return nil }
            counts[String(pair[0])] = count
        }
        if counts.isEmpty { return nil }
    }

    static func isValid(_ service: String, _ count: Int) -> Bool {
        Stack.services.contains(service) && (1...64).contains(count) && (service != "orchestrator" || count == 1)
    }
}
