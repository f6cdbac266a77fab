import ServiceLifecycle

/// Delivers events to CloudWatch as long as the service runs.
struct CloudDelivery: Service {
    let sink: CloudSink
    /// Seconds that delivering may go on after it was told to stop.
    let drain: Double

    func run() async { await sink.run(drain: drain) }
}
