// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceKit
import Untrusted

/// The numbers of replicas by service, e.g. `imagegen=2,clipper=2`.
struct ReplicaCounts: Equatable, CustomStringConvertible {
    /// What a number of replicas must be.
    static let expectation = "a service with 1 to 64 replicas; there is one orchestrator"

    var counts: [String: Int] = [:]

    /// What the help shows for `--scale`.
    var description: String { "one of each" }

    /// Parses an argument.
    ///
    /// - Throws: `ValidationError` that names what is wrong.
    static func parse(_ argument: String) throws -> ReplicaCounts {
        var replicas = ReplicaCounts()
        for part in argument.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            let service = pair.first.map(String.init) ?? ""
            guard Stack.services.contains(service) else {
                let nearest =
                    EditDistance.nearest(to: service, among: Stack.services).map { ": did you mean \($0)?" } ?? ""
                throw ValidationError(
                    "unknown service \(service.bounded(to: TextBound.quotation).printable())\(nearest)")
            }
            guard pair.count == 2, let count = Int(pair[1]), isValid(service, count) else {
                throw ValidationError("expected \(expectation), e.g. imagegen=2,clipper=2")
            }
            replicas.counts[service] = count
        }
        guard !replicas.counts.isEmpty else {
            throw ValidationError("expected \(expectation), e.g. imagegen=2,clipper=2")
        }
        return replicas
    }

    static func isValid(_ service: String, _ count: Int) -> Bool {
        Stack.services.contains(service) && (1...64).contains(count) && (service != "orchestrator" || count == 1)
    }
}
