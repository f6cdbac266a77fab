import ServiceLifecycle

/// Renews the leases of this orchestrator's jobs as long as the service runs.
struct LeaseRenewal: Service {
    let orchestra: Orchestra

    func run() async { await orchestra.keepLeases() }
}
