// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The numbers of replicas by service, e.g. `imagegen=2,clipper=2`.
struct ReplicaCounts: ExpressibleByArgument, Equatable {
    var counts: [String: Int] = [:]

    /// What the help shows for `--scale`.
    var defaultValueDescription: String { "one of each" }

    init() {}

    init?(argument: String) {
        for part in argument.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, Stack.services.contains(String(pair[0])), let count = Int(pair[1]),
                (1...64).contains(count), pair[0] != "orchestrator" || count == 1
            else { return nil }
            counts[String(pair[0])] = count
        }
    }
}
