// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Testing

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct MediaConvertSettingsTests {
    @Test func `an empty environment gives the defaults`() throws {
        let settings = try StitcherFixture.settings()
        #expect(settings.backend == .local && settings.role == "MediaConvertJobRole" && settings.createsRole)
        #expect(settings.queue == nil && settings.queueSeconds == 300 && settings.staging == nil)
    }

    @Test func `every setting is read from its variable`() throws {
        let settings = try StitcherFixture.settings([
            "UNDERSTUDY_STITCH_BACKEND": "mediaconvert", "UNDERSTUDY_MEDIACONVERT_ROLE": "Films",
            "UNDERSTUDY_MEDIACONVERT_SETUP": "off", "UNDERSTUDY_MEDIACONVERT_QUEUE": "night",
            "UNDERSTUDY_MEDIACONVERT_QUEUE_S": "12.5", "UNDERSTUDY_MEDIACONVERT_BUCKET": "s3://films/staging",
        ])
        #expect(settings.backend == .mediaconvert && settings.role == "Films" && !settings.createsRole)
        #expect(settings.queue == "night" && settings.queueSeconds == 12.5)
        #expect(settings.staging?.description == "s3://films/staging")
    }

    @Test(arguments: [
        ("UNDERSTUDY_STITCH_BACKEND", "cloud"), ("UNDERSTUDY_MEDIACONVERT_SETUP", "on"),
        ("UNDERSTUDY_MEDIACONVERT_QUEUE_S", "-1"), ("UNDERSTUDY_MEDIACONVERT_QUEUE_S", "86401"),
        ("UNDERSTUDY_MEDIACONVERT_BUCKET", "file:///films"), ("UNDERSTUDY_MEDIACONVERT_BUCKET", "films"),
    ])
    func `an invalid value is an error that names its variable`(_ name: String, _ value: String) {
        let error = #expect(throws: ServiceError.self) { try StitcherFixture.settings([name: value]) }
        #expect(error?.kind == .invalidParams && error?.message.hasPrefix("\(name): ") == true)
    }

    @Test func `an unknown backend is an error that lists the known ones`() {
        let error = #expect(throws: ServiceError.self) {
            try StitcherFixture.settings(["UNDERSTUDY_STITCH_BACKEND": "cloud"])
        }
        for backend in StitchBackend.allCases { #expect(error?.message.contains(backend.rawValue) == true) }
    }
}
