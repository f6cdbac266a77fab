// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What Chromium reports of a film that it played.
struct BrowserPlayer: Decodable {
    /// The picture that is shown after seeking.
    struct Seek: Decodable {
        /// The requested time. Seconds.
        var at: Double
        /// The time that Chromium reports after seeking. Seconds.
        var time: Double
        /// Red, green and blue of the picture's middle.
        var color: [Int]
    }

    /// Seconds.
    var duration: Double?
    var width: Int?
    var height: Int?
    /// Seconds of the film that were played.
    var played: Double?
    var seeks: [Seek]?
    /// Why the film could not be played.
    var error: String?

    /// Plays a film, and seeks in it.
    ///
    /// - Parameter times: Seconds.
    static func play(_ film: String, _ times: Double...) async throws -> BrowserPlayer {
        let script = Bundle.module.bundlePath + "/Player/play.py"
        let result = try await Program.run("/usr/bin/python3", [script, film] + times.map { "\($0)" })
        return try JSONDecoder().decode(BrowserPlayer.self, from: Data(result.output.utf8))
    }
}
