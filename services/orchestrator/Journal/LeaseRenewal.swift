// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// The service that renews the leases of this orchestrator's jobs.
struct LeaseRenewal: Service {
    let registry: JobRegistry

    func run() async { await registry.renewLeases() }
}
