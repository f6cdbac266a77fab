// SPDX-License-Identifier: Apache-2.0

/// Defaults of a job's options.
package enum JobDefaults {
    /// The width of the film in pixels.
    package static let width = FilmDefaults.width
    /// The height of the film in pixels.
    package static let height = FilmDefaults.height
    /// The frame rate of the film in frames per second.
    package static let fps = FilmDefaults.fps
    /// The duration of a cross-fade in seconds.
    package static let fade = FilmDefaults.fade
    /// The total time of Agent5's call in seconds.
    package static let agent5Timeout = 1800.0
    /// The stall timeout of Agent5 in seconds.
    package static let agent5Stall = 300.0
    /// The number of images drawn concurrently.
    package static let imageConcurrency = 2
    /// The budget of stills prepared while the lead works.
    package static let hedgeMaxCost = USD(0.10)
    /// The share of the lead's film from which on black or frozen pictures are a fault.
    package static let leadFaultShare = 0.9
    /// The number of jobs on a page of the list.
    package static let page = 50
}
