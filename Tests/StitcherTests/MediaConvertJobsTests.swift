// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import JSON
import Media
import Testing

@testable import Stitcher

/// Jobs as far as they need no connection to AWS.
@Suite(.timeLimit(.minutes(1))) struct MediaConvertJobsTests {
    private let fixture: StitcherFixture

    init() throws { fixture = try StitcherFixture() }

    private func job(_ members: JSONValue) throws -> MediaConvertClient.Job {
        try JSONCoding.decode(MediaConvertClient.Job.self, from: try JSONCoding.encode(members))
    }

    @Test func `a new film has no jobs, and cancelling them records nothing`() async throws {
        let jobs = fixture.jobs(key: "abc")
        #expect(await jobs.count == 0)
        #expect(await jobs.edition == 0)
        #expect(await jobs.id(of: "film") == nil)
        #expect(await jobs.film == nil)
        #expect(try await jobs.cancelAll() == [])
        #expect(await jobs.edition == 0)
        #expect(!fixture.exists("state"))
    }

    @Test func `a recorded job is not created again`() async throws {
        try fixture.ledger.write(
            MediaConvertJobLedger.Entry(edition: 1, jobs: ["film": .init(id: "123-abc", madeAt: 5)]), for: "abc")
        let jobs = fixture.jobs(key: "abc")
        let request = CreateJobRequest(
            inputs: [], output: "s3://films/final.mp4", format: try VideoFormat(), role: "arn:aws:iam::1:role/r",
            token: "t", label: "l")
        #expect(try await jobs.createIfNeeded("film", request) == "123-abc")
        #expect(await jobs.count == 1)
        #expect(await jobs.edition == 1)
        #expect(await jobs.id(of: "stage_1") == nil)
    }

    @Test func `a verified film is recorded for later requests`() async throws {
        let state = MediaConvertJobLedger.Entry.Film(size: 10, modified: 2.5)
        try await fixture.jobs(key: "abc").recordFilm(state)
        #expect(await fixture.jobs(key: "abc").film == state)
        #expect(await fixture.jobs(key: "other").film == nil)
    }

    @Test func `a failed job is an error with AWS's code and message`() async throws {
        let job = try job([
            "id": "123-abc", "status": "ERROR", "errorCode": 1404, "errorMessage": "Unable to open input file",
        ])
        let failure = await fixture.jobs(key: "abc").failure(of: job)
        #expect(failure.id == "123-abc" && failure.cause == .other)
        let error = ServiceError(wrapping: failure)
        #expect(error.kind == .unavailable && !error.retryable)
        #expect(error.provider == "mediaconvert" && error.providerCode == "1404")
        #expect(error.message.contains("the MediaConvert job 123-abc failed: 1404: Unable to open input file"))
        #expect(error.detail == "Unable to open input file")
    }

    @Test func `a job that failed without a reason says so`() async throws {
        let job = try job(["id": "123-abc", "status": "ERROR"])
        let error = await fixture.jobs(key: "abc").failure(of: job).serviceError
        #expect(error.message.contains("no reason given") && error.providerCode == nil)
    }

    @Test func `a job that was cancelled elsewhere is an error of its own`() async throws {
        let job = try job(["id": "123-abc", "status": "CANCELED", "errorMessage": "role"])
        let failure = await fixture.jobs(key: "abc").failure(of: job)
        #expect(failure.cause == .other && failure.serviceError.providerCode == "CANCELED")
    }

    @Test(arguments: [
        ("Unable to assume role arn:aws:iam::1:role/r", true), ("Access Denied: s3:GetObject", true),
        ("User is not authorized to perform s3:PutObject", true), ("Unable to open input file", false), ("", false),
    ])
    func `messages about the role are recognised`(_ message: String, _ isAboutRole: Bool) async throws {
        #expect(MediaConvertJobs.isAboutRole(message) == isAboutRole)
        let job = try job(["id": "1", "status": "ERROR", "errorMessage": .string(message)])
        #expect(await fixture.jobs(key: "abc").failure(of: job).cause == (isAboutRole ? .role : .other))
    }
}
