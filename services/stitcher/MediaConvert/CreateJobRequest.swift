// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Media
import Timebase

/// A CreateJob request of the MediaConvert API: clips in sequence to one MP4.
struct CreateJobRequest: Sendable {
    /// A clip.
    struct Input: Sendable, Equatable {
        /// `s3://bucket/key`.
        var file: String
        /// The frames that are used; all if absent.
        var frames: Range<Int>?
    }

    /// MediaConvert's limit of inputs per job.
    static let maximumInputs = 150
    /// The bit rate of a film, in bits per second.
    static let bitrate = 5_000_000
    private static let audioSelector = "Audio Selector 1"

    /// The clips, in the film's order.
    var inputs: [Input]
    /// The MP4's URI.
    var output: String
    /// Size and rate of the MP4.
    var format: VideoFormat
    /// The role's ARN.
    var role: String
    /// The queue's name or ARN.
    var queue: String?
    /// The idempotency token (`clientRequestToken`): equal for repeated requests for the same job.
    var token: String
    /// The bit rate of the MP4, in bits per second.
    var bitrate = CreateJobRequest.bitrate
    /// The job's label in the AWS console.
    var label: String

    /// The body of the request.
    var json: Data {
        get throws {
            var request: [String: JSONValue] = [
                "clientRequestToken": .string(token), "role": .string(role), "statusUpdateInterval": "SECONDS_10",
                "userMetadata": ["madeBy": "understudy", "film": .string(label)],
                "settings": [
                    "timecodeConfig": ["source": "ZEROBASED"], "inputs": .array(inputs.map(input)),
                    "outputGroups": [outputGroup],
                ],
            ]
            if let queue { request["queue"] = .string(queue) }
            return try JSONCoding.encode(request)
        }
    }

    private func input(_ input: Input) -> JSONValue {
        var members: [String: JSONValue] = [
            "fileInput": .string(input.file), "timecodeSource": "ZEROBASED", "videoSelector": [:],
            "audioSelectors": [Self.audioSelector: ["defaultSelection": "DEFAULT"]],
        ]
        if let frames = input.frames {
            // MediaConvert's end timecode is inclusive.
            members["inputClippings"] = [
                [
                    "startTimecode": .string(timecode(frames.lowerBound)),
                    "endTimecode": .string(timecode(frames.upperBound - 1)),
                ]
            ]
        }
        return .object(members)
    }

    private var outputGroup: JSONValue {
        // MediaConvert appends the extension.
        let ending = ".mp4"
        let destination = output.hasSuffix(ending) ? String(output.dropLast(ending.count)) : output
        let rate = format.rate
        let coding: JSONValue = [
            "rateControlMode": "CBR", "bitrate": .integer(Int64(bitrate)), "framerateControl": "SPECIFIED",
            "framerateNumerator": .integer(Int64(rate.numerator)),
            "framerateDenominator": .integer(Int64(rate.denominator)),
            "gopSize": 2.0, "gopSizeUnits": "SECONDS", "interlaceMode": "PROGRESSIVE", "codecProfile": "HIGH",
            "codecLevel": "AUTO", "qualityTuningLevel": "SINGLE_PASS_HQ",
        ]
        let sound: JSONValue = [
            "bitrate": 128_000, "codingMode": "CODING_MODE_2_0", "sampleRate": 48_000, "codecProfile": "LC",
            "rateControlMode": "CBR",
        ]
        let film: JSONValue = [
            "extension": "mp4",
            "containerSettings": ["container": "MP4", "mp4Settings": ["moovPlacement": "PROGRESSIVE_DOWNLOAD"]],
            "videoDescription": [
                "width": .integer(Int64(format.width)), "height": .integer(Int64(format.height)),
                "codecSettings": ["codec": "H_264", "h264Settings": coding],
            ],
            "audioDescriptions": [
                [
                    "audioSourceName": .string(Self.audioSelector),
                    "codecSettings": ["codec": "AAC", "aacSettings": sound],
                ]
            ],
        ]
        return [
            "name": "File Group",
            "outputGroupSettings": [
                "type": "FILE_GROUP_SETTINGS", "fileGroupSettings": ["destination": .string(destination)],
            ],
            "outputs": [film],
        ]
    }

    /// `HH:MM:SS:FF`, counting the frame rate rounded up frames per second.
    private func timecode(_ frame: Int) -> String {
        let perSecond = (format.rate.numerator + format.rate.denominator - 1) / format.rate.denominator
        let seconds = frame / perSecond
        return [seconds / 3600, seconds / 60 % 60, seconds % 60, frame % perSecond]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
