// SPDX-License-Identifier: Apache-2.0

import JSON
import Media
import Testing
import Timebase

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct CreateJobRequestTests {
    private func json(
        _ inputs: [CreateJobRequest.Input] = [.init(file: "s3://films/a.mp4")], rate: FrameRate = FrameRate(30),
        output: String = "s3://films/out/final.mp4", queue: String? = nil, bitrate: Int? = nil
    ) throws -> JSONValue {
        var request = CreateJobRequest(
            inputs: inputs, output: output, format: try VideoFormat(width: 1280, height: 720, rate: rate),
            role: "arn:aws:iam::123456789012:role/Films", queue: queue, token: "token-1", label: "s3://films/out/final")
        if let bitrate { request.bitrate = bitrate }
        return try JSONCoding.decode(JSONValue.self, from: request.json)
    }

    private func video(_ json: JSONValue) -> JSONValue? {
        json["settings"]?["outputGroups"]?.array?.first?["outputs"]?.array?.first?["videoDescription"]
    }

    private func clipping(_ frames: Range<Int>, rate: FrameRate) throws -> JSONValue? {
        let json = try json([.init(file: "s3://films/a.mp4", frames: frames)], rate: rate)
        return json["settings"]?["inputs"]?.array?.first?["inputClippings"]
    }

    @Test func `a job has its role, its idempotency token and its label`() throws {
        let json = try json()
        #expect(json["role"] == "arn:aws:iam::123456789012:role/Films" && json["clientRequestToken"] == "token-1")
        #expect(json["userMetadata"]?["film"] == "s3://films/out/final")
    }

    @Test func `the queue is named only if one is configured`() throws {
        #expect(try json()["queue"] == nil)
        #expect(try json(queue: "night")["queue"] == "night")
    }

    @Test func `inputs keep their order, and whole clips are not clipped`() throws {
        let inputs = try json([.init(file: "s3://films/a.mp4"), .init(file: "s3://films/b.mp4", frames: 0..<30)])
        let found = try #require(inputs["settings"]?["inputs"]?.array)
        #expect(found.map { $0["fileInput"] } == ["s3://films/a.mp4", "s3://films/b.mp4"])
        #expect(found[0]["inputClippings"] == nil && found[1]["inputClippings"] != nil)
        #expect(found.allSatisfy { $0["audioSelectors"]?["Audio Selector 1"]?["defaultSelection"] == "DEFAULT" })
    }

    @Test func `the destination is the output without its extension`() throws {
        func destination(_ output: String) throws -> JSONValue? {
            try json(output: output)["settings"]?["outputGroups"]?.array?.first?["outputGroupSettings"]?[
                "fileGroupSettings"]?["destination"]
        }
        #expect(try destination("s3://films/out/final.mp4") == "s3://films/out/final")
        #expect(try destination("s3://films/out.mp4/final") == "s3://films/out.mp4/final")
    }

    @Test func `the video has the film's size, exact rate and bit rate`() throws {
        let stage = try json(rate: FrameRate(30_000, 1001), bitrate: 20_000_000)
        #expect(video(stage)?["width"] == 1280 && video(stage)?["height"] == 720)
        let settings = video(stage)?["codecSettings"]?["h264Settings"]
        #expect(settings?["framerateNumerator"] == 30_000 && settings?["framerateDenominator"] == 1001)
        #expect(settings?["bitrate"] == 20_000_000)
        #expect(try video(json())?["codecSettings"]?["h264Settings"]?["bitrate"] == 5_000_000)
    }

    @Test func `clippings are inclusive timecodes`() throws {
        #expect(
            try clipping(0..<30, rate: FrameRate(30))
                == [["startTimecode": "00:00:00:00", "endTimecode": "00:00:00:29"]])
        #expect(
            try clipping(95..<3600 * 30 * 2 + 1, rate: FrameRate(30))
                == [["startTimecode": "00:00:03:05", "endTimecode": "02:00:00:00"]])
        #expect(
            try clipping(60..<61, rate: FrameRate(24))
                == [["startTimecode": "00:00:02:12", "endTimecode": "00:00:02:12"]])
    }

    @Test func `timecodes of fractional rates count the next whole number of frames per second`() throws {
        #expect(
            try clipping(30..<90, rate: FrameRate(30_000, 1001))
                == [["startTimecode": "00:00:01:00", "endTimecode": "00:00:02:29"]])
    }
}
