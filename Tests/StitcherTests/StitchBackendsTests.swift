// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Stitcher

/// Which backend stitches a film. Files of this machine without a staging bucket are out of reach for MediaConvert.
@Suite(.timeLimit(.minutes(2))) struct StitchBackendsTests {
    private let fixture: StitcherFixture

    init() throws { fixture = try StitcherFixture() }

    @Test func `films are stitched on this machine by default`() async throws {
        let film = try await fixture.backends().stitch(fixture.request(try fixture.segments()), fixture.call)
        #expect(film.backend == .local && film.warnings == nil)
    }

    @Test func `auto falls back to this machine, with the reason as a warning`() async throws {
        let backends = try fixture.backends(["UNDERSTUDY_STITCH_BACKEND": "auto"])
        let film = try await backends.stitch(fixture.request(try fixture.segments()), fixture.call)
        #expect(film.backend == .local && film.cost == USD(0.005) && film.jobID == nil)
        let warning = try #require(film.warnings?.first)
        #expect(warning.hasPrefix("joined on this machine, not by MediaConvert: /output: expected an s3:// URI"))
        #expect(fixture.exists("film.mp4"))
    }

    @Test func `the warnings of the film follow the reason for the fallback`() async throws {
        let backends = try fixture.backends(["UNDERSTUDY_STITCH_BACKEND": "auto"])
        var request = fixture.request(try fixture.segments())
        request.music = fixture.uri("missing.mp3")
        let warnings = try #require(try await backends.stitch(request, fixture.call).warnings)
        #expect(warnings.count == 2 && warnings[0].contains("/music") && warnings[1].contains("missing.mp3"))
    }

    @Test func `the backend of a request overrides the default, and MediaConvert by name does not fall back`()
        async throws
    {
        let backends = try fixture.backends(["UNDERSTUDY_STITCH_BACKEND": "auto"])
        var request = fixture.request(try fixture.segments())
        request.backend = .mediaconvert
        let named = request
        let error = await #expect(throws: ServiceError.self) { try await backends.stitch(named, fixture.call) }
        #expect(error?.kind == .invalidParams && error?.detail == "/output")
        #expect(!fixture.exists("film.mp4"))
        request.backend = .local
        #expect(try await backends.stitch(request, fixture.call).warnings == nil)
    }

    @Test func `an error of the local backend ends auto as well`() async throws {
        let backends = try fixture.backends(["UNDERSTUDY_STITCH_BACKEND": "auto"])
        var clips = try fixture.segments()
        clips[0].clip = fixture.uri("missing.mp4")
        let request = fixture.request(clips)
        let error = await #expect(throws: ServiceError.self) { try await backends.stitch(request, fixture.call) }
        #expect(error?.kind == .notFound)
    }
}
