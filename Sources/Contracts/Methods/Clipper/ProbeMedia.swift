// SPDX-License-Identifier: Apache-2.0

/// The parameters of `clipper.probe`.
package struct ProbeMedia: Codable, Sendable {
    /// The artifact URI of the file.
    package var media: String
    /// Whether to decode every frame instead of trusting the headers; `true` if absent, `false` if absent with `sound`.
    package var decode: Bool?
    /// Whether to check the file as a film to be delivered; `false` if absent.
    package var report: Bool?
    /// Whether to measure the duration of the file's sound as a narration. Only the sound is decoded. `false` if
    /// absent.
    package var sound: Bool?
    /// The narrations that the film should contain, in order; its sound is compared with them.
    package var narrations: [ProbeNarration]?
    /// Whether `report` also measures how much of the film is black, frozen or silent, how much of each narration is
    /// audible, and whether the file is an MP4 that common players can play. For films that were made elsewhere.
    /// `false` if absent.
    package var thorough: Bool?

    /// Creates a request.
    package init(
        media: String, decode: Bool? = nil, report: Bool? = nil, sound: Bool? = nil,
        narrations: [ProbeNarration]? = nil, thorough: Bool? = nil
    ) {
        self.thorough = thorough
        self.sound = sound
        self.media = media
        self.decode = decode
        self.report = report
        self.narrations = narrations
    }
}
