/// What holds where a job's options say nothing.
package enum JobDefaults {
    /// -> pixels.
    package static let width = FilmDefaults.width
    /// -> pixels.
    package static let height = FilmDefaults.height
    /// Frames per second.
    package static let fps = FilmDefaults.fps
    /// Seconds of a cross-fade.
    package static let fade = FilmDefaults.fade
    /// Seconds that Agent5 may take in all.
    package static let agent5Timeout = 1800.0
    /// Seconds that an agent may be silent.
    package static let agent5Stall = 300.0
    /// Images drawn at a time.
    package static let imageConcurrency = 2
    /// What stills may cost that are prepared while the lead works.
    package static let hedgeMaxCost = USD(0.10)
    /// The share of the lead's film that may be black or frozen.
    package static let leadFaultShare = 0.9
    /// Jobs on a page of the list.
    package static let page = 50
}
