import Contracts

/// What holds where a job's options say nothing.
enum JobDefaults {
    /// Seconds that Agent5 may take in all.
    static let agent5Timeout = 1800.0
    /// Seconds that an agent may be silent.
    static let agent5Stall = 300.0
    static let imageConcurrency = 2
    /// What stills may cost that are prepared while the lead works.
    static let hedgeMaxCost = USD(0.10)
    static let width = 1920
    static let height = 1080
    static let fps = 30.0
    /// The share of the lead's film that may be black or frozen.
    static let leadFaultShare = 0.9
    /// Seconds.
    static let fade = 0.5
}
