// SPDX-License-Identifier: Apache-2.0

import Faults
import ServiceKit
import ServicePool
import Untrusted

/// The replicas that run, for commands that name one.
enum RunningReplicas {
    /// Checks that a service runs, and one of its replicas if it is named.
    ///
    /// - Throws: `not_found` that names the nearest service, or the replicas of the service.
    static func check(service: String, instance: String?, in directory: RunDirectory) throws(ServiceError) {
        let instances = directory.instances(of: service)
        if instances.isEmpty {
            let running = directory.services().filter { !directory.instances(of: $0).isEmpty }
            guard !running.isEmpty else {
                throw ServiceError(
                    .notFound, "no service runs in \(directory.path): start them with `understudy up`")
            }
            let nearest = EditDistance.nearest(to: service, among: running).map { "did you mean \($0)? " } ?? ""
            throw ServiceError(
                .notFound,
                "no replica of \(service.bounded(to: TextBound.quotation)) runs in \(directory.path): \(nearest)running are "
                    + running.joined(separator: ", "))
        }
        guard let instance, !instances.contains(instance) else { return }
        throw ServiceError(
            .notFound,
            "\(service) has no replica \(instance.bounded(to: TextBound.quotation)): its replicas are "
                + instances.joined(separator: ", "))
    }
}
