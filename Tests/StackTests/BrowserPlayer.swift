import Foundation

/// What Chromium made of a film.
struct BrowserPlayer: Decodable {
    struct Seek: Decodable {
        var at: Double
        var time: Double
        /// Red, green and blue of the picture's middle.
        var color: [Int]
    }

    var duration: Double?
    var width: Int?
    var height: Int?
    var played: Double?
    var seeks: [Seek]?
    var error: String?

    /// Plays a film, and seeks moments in it. Seconds.
    static func play(_ film: String, _ moments: Double...) async throws -> BrowserPlayer {
        let script = Bundle.module.bundlePath + "/Player/play.py"
        let ended = try await Program.run("/usr/bin/python3", [script, film] + moments.map { "\($0)" })
        return try JSONDecoder().decode(BrowserPlayer.self, from: Data(ended.output.utf8))
    }
}
