// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// Tests of the real stitcher with MediaConvert. boto3 and ffprobe inspect the results.
protocol MediaConvertFixture {
    var aws: StandIn { get }
    var stack: LiveStack { get }
}

extension MediaConvertFixture {
    /// Creates the folder of a stitcher that uses the stand-in.
    static func prepare(_ aws: StandIn) throws -> LiveStack {
        try LiveStack.prepare(
            aws.awsEnvironment.merging(["UNDERSTUDY_INSTANCE": "one", "UNDERSTUDY_DRAIN_S": "5"]) { $1 })
    }

    /// Starts a stitcher, runs `body`, and stops the stitcher.
    ///
    /// - Parameter tracing: The system calls that strace writes to the file `trace` of the stack's folder.
    func withStitcher(
        _ extra: [String: String] = [:], tracing: String? = nil, _ body: (RPCConnection, Program) async throws -> Void
    ) async throws {
        var environment = stack.environment.merging(extra) { $1 }
        environment["UNDERSTUDY_CACHE_DIR"] = "\(stack.folder)/cache"
        let command = SystemCalls.command(["\(Program.folder)/stitcher"], tracing: tracing, to: "\(stack.folder)/trace")
        let stitcher = try await Program(command[0], Array(command.dropFirst()), environment: environment)
        let connection = try await RPCConnection.connect(
            to: try stack.runDirectory.socketPath(service: "stitcher", instance: "one"), timeout: .seconds(20))
        do {
            try await body(connection, stitcher)
        } catch {
            stitcher.signal(SIGKILL)
            _ = await stitcher.waitUntilExit()
            throw error
        }
        await connection.close()
        stitcher.signal(SIGTERM)
        _ = await stitcher.waitUntilExit()
    }

    /// Calls S3 with boto3, in the bucket `films`.
    @discardableResult
    func s3(_ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.send([
            "service": "s3", "call": .string(call),
            "args": .object(arguments.merging(["Bucket": "films"]) { own, _ in own }),
        ])
    }

    /// Sends a command to the stand-in's MediaConvert.
    @discardableResult
    func cloud(_ command: JSONValue) throws -> JSONValue { try aws.send(["mediaconvert": command]) }

    /// The jobs of MediaConvert, oldest first.
    func jobs() throws -> [JSONValue] { try cloud(["jobs": true])["jobs"]?.array ?? [] }

    /// The keys of all objects in the bucket.
    func keys() throws -> Set<String> {
        let listed = try s3("list_objects_v2", [:])
        return Set((listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string })
    }

    /// Makes a clip of one colour with a tone, and uploads it.
    ///
    /// - Parameter tone: The frequency in Hz; `nil` for a clip without sound.
    /// - Returns: The URI of the clip.
    func clip(
        _ name: String, seconds: Double, colour: String, tone: Int? = 400, size: String = "320x180"
    ) async throws -> String {
        let path = "\(stack.folder)/\(name).mp4"
        try FileManager.default.createDirectory(atPath: stack.folder, withIntermediateDirectories: true)
        let sound = tone.map { ["-f", "lavfi", "-i", "sine=f=\($0):r=48000:d=\(seconds)", "-c:a", "aac", "-ac", "2"] }
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "color=\(colour):s=\(size):r=30:d=\(seconds)"] + (sound ?? [])
                + [
                    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-color_primaries", "bt709",
                    "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv", path,
                ])
        #expect(encoded.status == 0, "\(encoded.errors)")
        try s3("upload_file", ["Filename": .string(path), "Key": .string("in/\(name).mp4")])
        return "s3://films/in/\(name).mp4"
    }

    /// A request to join clips into `s3://films/out/final.mp4`.
    func request(_ clips: [StitchClip], backend: StitchBackend? = .mediaconvert) -> StitchFilm {
        var request = StitchFilm(clips: clips, output: "s3://films/out/final.mp4")
        (request.backend, request.width, request.height) = (backend, 320, 180)
        return request
    }

    /// Uploads three clips of one second: red, lime and blue.
    func threeClips() async throws -> [StitchClip] {
        var clips: [StitchClip] = []
        for (index, colour) in ["red", "lime", "blue"].enumerated() {
            let uri = try await clip("seg_\(index + 1)", seconds: 1, colour: colour)
            clips.append(StitchClip(clip: uri, segmentID: "seg_\(index + 1)", duration: 1))
        }
        return clips
    }

    /// Downloads an object.
    ///
    /// - Returns: The path of the file.
    func film(_ key: String = "out/final.mp4") throws -> String {
        let path = "\(stack.folder)/film.mp4"
        try s3("download_file", ["Key": .string(key), "Filename": .string(path)])
        return path
    }

    /// Red, green and blue of the middle of a frame.
    func colour(_ film: String, frame: Int) async throws -> [Int] {
        let raw = "\(film).\(frame).rgb"
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-i", film, "-vf", "select=eq(n\\,\(frame)),crop=2:2", "-frames:v", "1",
                "-pix_fmt", "rgb24", "-f", "rawvideo", raw,
            ])
        return try Data(contentsOf: URL(filePath: raw)).prefix(3).map(Int.init)
    }

    /// The number of frames that decode.
    func frames(_ film: String) async throws -> Int? {
        let counted = try await Program.run(
            "/usr/bin/ffprobe",
            [
                "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
                "-of", "csv=p=0", film,
            ])
        return Int(counted.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// The error of a request, which must fail.
    func refusal(_ stitcher: RPCConnection, _ request: StitchFilm) async -> ServiceError? {
        await #expect(throws: ServiceError.self) { try await stitcher.call(StitcherAPI.stitch, request) }
    }

    /// Waits until MediaConvert has a number of jobs.
    func untilJobs(_ count: Int) async throws {
        try await until("MediaConvert has \(count) jobs") { try jobs().count >= count }
    }

    /// Waits until the stitcher has stored the id of the job that it waits for.
    func untilStored() async throws {
        let ledger = "\(stack.folder)/state/stitcher/mediaconvert"
        try await until("the stitcher has stored the id of its job") {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: ledger)) ?? []
            return names.contains { $0.hasSuffix(".json") }
        }
    }
}
