import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Tests of `stitcher.stitch` with MediaConvert, through the real stitcher; boto3 and ffprobe look at what came of it.
protocol MediaConvertScene {
    var aws: StandIn { get }
    var stack: LiveStack { get }
}

extension MediaConvertScene {
    /// A folder for a stitcher that finds the stand-in.
    static func prepare(_ aws: StandIn) throws -> LiveStack {
        try LiveStack.prepare(
            aws.awsEnvironment.merging(["UNDERSTUDY_INSTANCE": "one", "UNDERSTUDY_DRAIN_S": "5"]) { $1 })
    }

    /// - Parameter tracing: system calls that strace writes to the file `trace` of the stack's folder.
    func withStitcher(
        _ more: [String: String] = [:], tracing: String? = nil, _ body: (RPCConnection, Program) async throws -> Void
    ) async throws {
        var environment = stack.environment.merging(more) { $1 }
        environment["UNDERSTUDY_CACHE_DIR"] = "\(stack.folder)/cache"
        let command = SystemCalls.command(["\(Program.folder)/stitcher"], tracing: tracing, to: "\(stack.folder)/trace")
        let stitcher = try await Program(command[0], Array(command.dropFirst()), environment: environment)
        let connection = try await RPCConnection.connect(
            to: try stack.run.socketPath(service: "stitcher", instance: "one"), patience: .seconds(20))
        do {
            try await body(connection, stitcher)
        } catch {
            stitcher.signal(SIGKILL)
            _ = await stitcher.ended()
            throw error
        }
        await connection.close()
        stitcher.signal(SIGTERM)
        _ = await stitcher.ended()
    }

    @discardableResult
    func s3(_ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.ask([
            "service": "s3", "call": .string(call),
            "args": .object(arguments.merging(["Bucket": "films"]) { own, _ in own }),
        ])
    }

    @discardableResult
    func cloud(_ command: JSONValue) throws -> JSONValue { try aws.ask(["mediaconvert": command]) }

    func jobs() throws -> [JSONValue] { try cloud(["jobs": true])["jobs"]?.array ?? [] }

    func keys() throws -> Set<String> {
        let listed = try s3("list_objects_v2", [:])
        return Set((listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string })
    }

    /// Makes a clip of one colour with a tone, and puts it into the bucket.
    func clip(
        _ name: String, seconds: Double, colour: String, tone: Int? = 400, size: String = "320x180"
    ) async throws -> String {
        let path = "\(stack.folder)/\(name).mp4"
        try FileManager.default.createDirectory(atPath: stack.folder, withIntermediateDirectories: true)
        let sound = tone.map { ["-f", "lavfi", "-i", "sine=f=\($0):r=48000:d=\(seconds)", "-c:a", "aac", "-ac", "2"] }
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "color=\(colour):s=\(size):r=30:d=\(seconds)"] + (sound ?? [])
                + [
                    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-color_primaries", "bt709",
                    "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv", path,
                ])
        #expect(made.status == 0, "\(made.errors)")
        try s3("upload_file", ["Filename": .string(path), "Key": .string("in/\(name).mp4")])
        return "s3://films/in/\(name).mp4"
    }

    func request(_ clips: [StitchClip], backend: StitchBackend? = .mediaconvert) -> Stitch {
        var request = Stitch(clips: clips, output: "s3://films/out/final.mp4")
        (request.backend, request.width, request.height) = (backend, 320, 180)
        return request
    }

    func threeClips() async throws -> [StitchClip] {
        var clips: [StitchClip] = []
        for (index, colour) in ["red", "lime", "blue"].enumerated() {
            let uri = try await clip("seg_\(index + 1)", seconds: 1, colour: colour)
            clips.append(StitchClip(clip: uri, segmentID: "seg_\(index + 1)", duration: 1))
        }
        return clips
    }

    func film(_ key: String = "out/final.mp4") throws -> String {
        let path = "\(stack.folder)/film.mp4"
        try s3("download_file", ["Key": .string(key), "Filename": .string(path)])
        return path
    }

    /// Red, green and blue of a frame's middle.
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

    func frames(_ film: String) async throws -> Int? {
        let counted = try await Program.run(
            "/usr/bin/ffprobe",
            [
                "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
                "-of", "csv=p=0", film,
            ])
        return Int(counted.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    func refusal(_ stitcher: RPCConnection, _ request: Stitch) async -> ServiceError? {
        await #expect(throws: ServiceError.self) { try await stitcher.call(StitcherAPI.stitch, request) }
    }

    /// Returns when a job of MediaConvert is there.
    func untilJobs(_ count: Int) async throws {
        while try jobs().count < count { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Returns when the stitcher has written down which job it waits for.
    func untilRemembered() async throws {
        let ledger = "\(stack.folder)/state/stitcher/mediaconvert"
        while (try? FileManager.default.contentsOfDirectory(atPath: ledger))?.contains(where: {
            $0.hasSuffix(".json")
        })
            != true
        { try await Task.sleep(for: .milliseconds(20)) }
    }
}
