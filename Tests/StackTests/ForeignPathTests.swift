// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// Files that callers name: special files, links, and files outside the store.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ForeignPathTests {
    @Test
    func `no service opens or replaces a pipe, a folder, a socket or a device`() async throws {
        try await LiveStack.with { stack in
            let folder = "\(stack.folder)/given"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0 && mkdir("\(folder)/folder", 0o700) == 0)
            #expect(mknod("\(folder)/socket", S_IFSOCK | 0o600, 0) == 0)
            var names = ["pipe", "folder", "socket"]
            if mknod("\(folder)/zero", S_IFCHR | 0o600, 0x105) == 0 { names.append("zero") }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link", withDestinationPath: "\(folder)/pipe")
            names.append("link")
            let (imagegen, clipper) = (try await stack.connect("imagegen"), try await stack.connect("clipper"))
            let stitcher = try await stack.connect("stitcher")
            let picture: JSONValue = .string("file://\(folder)/a.png")
            let drawn: [String: JSONValue] = ["prompt": "a hill", "width": 160, "height": 90]
            let shape: [String: JSONValue] = ["duration": 0.5, "width": 160, "height": 90]
            _ = try await imagegen.call("imagegen.generate", params: .object(drawn.merging(["output": picture]) { $1 }))
            let clip: JSONValue = .string("file://\(folder)/a.mp4")
            _ = try await clipper.call(
                "clipper.create", params: .object(shape.merging(["image": picture, "output": clip]) { $1 }))
            for name in names {
                let uri: JSONValue = .string("file://\(folder)/\(name)")
                let before = Self.type("\(folder)/\(name)")
                let joined: JSONValue = [["clip": clip, "segment_id": "a", "duration": 0.5]]
                let outputs: [(RPCConnection, String, [String: JSONValue])] = [
                    (imagegen, "imagegen.generate", drawn),
                    (clipper, "clipper.create", shape.merging(["image": picture]) { $1 }),
                    (clipper, "clipper.replace_audio", ["clip": clip, "audio": clip]),
                    (stitcher, "stitcher.stitch", ["clips": joined, "width": 160, "height": 90]),
                ]
                for (service, method, params) in outputs {
                    let kind = await Self.kind(service, method, params.merging(["output": uri]) { $1 })
                    #expect(kind == .conflict, "\(method) to \(name): \(kind.map { "\($0)" } ?? "succeeded")")
                }
                let inputs: [(RPCConnection, String, [String: JSONValue])] = [
                    (clipper, "clipper.create", shape.merging(["image": uri, "output": clip]) { $1 }),
                    (clipper, "clipper.probe", ["media": uri]),
                    (
                        stitcher, "stitcher.stitch",
                        ["clips": [["clip": uri, "segment_id": "a", "duration": 0.5]], "output": clip]
                    ),
                ]
                for (service, method, params) in inputs {
                    let kind = await Self.kind(service, method, params)
                    #expect(kind == .invalidParams, "\(method) of \(name): \(kind.map { "\($0)" } ?? "succeeded")")
                }
                #expect(Self.type("\(folder)/\(name)") == before)
            }
            // Files of procfs and sysfs appear as regular files, and may never end.
            for path in ["/proc/kmsg", "/proc/self/environ", "/proc/self/mem", "/sys/kernel/uevent_seqnum"]
            where Self.type(path) == S_IFREG {
                let uri: JSONValue = .string("file://\(path)")
                let inputs: [(RPCConnection, String, [String: JSONValue])] = [
                    (clipper, "clipper.create", shape.merging(["image": uri, "output": clip]) { $1 }),
                    (clipper, "clipper.probe", ["media": uri]),
                    (clipper, "clipper.convert", ["media": uri, "output": clip]),
                    (clipper, "clipper.replace_audio", ["clip": clip, "audio": uri, "output": clip]),
                    (
                        stitcher, "stitcher.stitch",
                        ["clips": [["clip": clip, "segment_id": "a", "duration": 0.5]], "music": uri, "output": clip]
                    ),
                ]
                for (service, method, params) in inputs {
                    let kind = await Self.kind(service, method, params)
                    #expect(kind == .invalidParams, "\(method) of \(path): \(kind.map { "\($0)" } ?? "succeeded")")
                }
            }
        }
    }

    @Test
    func `a lead's film that is a symbolic link is stored as a regular file`() async throws {
        let script = #"{"calls": [{"steps": [{"video": "film.mp4", "cost_usd": 0.1}]}]}"#
        try await LiveStack.with(script: script) { stack in
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=2", "-pix_fmt", "yuv420p",
                    "\(stack.folder)/real.mp4",
                ])
            #expect(encoded.status == 0, "\(encoded.errors)")
            try FileManager.default.createSymbolicLink(
                atPath: "\(stack.folder)/film.mp4", withDestinationPath: "real.mp4")
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished && view.error == nil)
            #expect(view.costs.understudy == .zero, "\(view)")
            let final = stack.artifactPath("agent5/final.mp4")
            #expect(Self.type(final) == S_IFREG)
            #expect(Self.type(stack.artifactPath("agent5/agent5_film.mp4")) == S_IFREG)
            #expect(
                try Data(contentsOf: URL(filePath: final))
                    == Data(contentsOf: URL(filePath: "\(stack.folder)/real.mp4")))
        }
    }

    @Test
    func `links that lead out of the store fail the job before any work, and nothing is written behind them`()
        async throws
    {
        let other = TemporaryPath.new("behind")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: other) }
        try await LiveStack.with { stack in
            for name in ["agent5", "agent5/final.mp4", "agent5/seg_2_clip.mp4", "agent5/receipt.json"] {
                let session = String(name.filter { $0.isLetter || $0.isNumber })
                try stack.writeStoryboard(durations: [0.2, 0.2], session: session)
                let behind = "\(other)/\(session)"
                if name == "agent5" {
                    try stack.write("theirs", to: "\(behind)/.theirs.tmp")
                } else {
                    try stack.write("theirs", to: behind)
                    try FileManager.default.createDirectory(
                        atPath: stack.artifactPath("agent5", session: session), withIntermediateDirectories: true)
                }
                try FileManager.default.createSymbolicLink(
                    atPath: stack.artifactPath(name, session: session), withDestinationPath: behind)
                let view = try await stack.runJob(session: session)
                #expect(view.state == .error, "\(name)")
                #expect(view.error?.kind == .unauthorized, "\(name): \(view.error?.message ?? "")")
                #expect(view.segments.allSatisfy { $0.image == nil }, "\(name)")
                let file = name == "agent5" ? "\(behind)/.theirs.tmp" : behind
                #expect(try String(contentsOfFile: file, encoding: .utf8) == "theirs")
                if name == "agent5" {
                    #expect(try FileManager.default.contentsOfDirectory(atPath: behind) == [".theirs.tmp"])
                }
            }
            // The reason of a rejected narration is reported, even if there is no other narration.
            try stack.write(
                #"""
                {"segments":[{"id":"a","duration":0.2,"visual_guidance":"a hill","audio":"file:///outside.wav"},
                {"id":"b","duration":0.2,"visual_guidance":"a hill"}]}
                """#, to: stack.artifactPath("agent2/storyboard.json", session: "narration"))
            let view = try await stack.runJob(session: "narration")
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.warnings.contains { $0.hasPrefix("no narration was found in ") }, "\(view.warnings)")
            #expect(
                view.warnings.contains { $0.hasPrefix("a: the narration file:///outside.wav is outside the store") },
                "\(view.warnings)")
            #expect(!view.warnings.contains { $0.hasPrefix("b: ") }, "\(view.warnings)")
        }
    }

    @Test
    func `requests to the page can name files of the store only; a local pipeline can name any file`() async throws {
        let other = TemporaryPath.new("listed")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: other) }
        try await PageFixture.with(script: LiveStack.failing) { page in
            let voice = "\(other)/voice.mp3"
            try await Self.makeVoice(voice)
            func start(_ audio: String, _ session: String) -> JSONValue {
                [
                    "user_id": "u", "session_id": .string(session), "confined": false,
                    "options": ["width": 160, "height": 90],
                    "pipeline_data": [
                        "storyboard": ["segments": [["id": "seg_1", "duration": 1, "visual_guidance": "a hill"]]],
                        "audio": ["seg_1": .string("file://\(audio)")],
                    ],
                ]
            }
            func post(_ path: String, _ body: JSONValue) async throws -> PageFixture.Response {
                let text = String(decoding: try JSONCoding.encode(body), as: UTF8.self)
                return try await page.curl("/api/\(path)", "-H", "X-Understudy: 1", "-d", text)
            }
            let link = "\(page.stack.store)/scaffold_test/u/s/agent4/link.mp3"
            try FileManager.default.createDirectory(
                at: URL(filePath: link).deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: voice)
            for file in [voice, link, "/proc/self/environ", "\(other)/missing.mp3"] {
                for path in ["jobs", "estimate"] {
                    let response = try await post(path, start(file, "s"))
                    #expect(
                        response.status == 401 && response.body.contains("unauthorized"), "\(path) \(file): \(response)"
                    )
                }
            }
            let inside = "\(page.stack.store)/scaffold_test/u/s/agent4/inside.mp3"
            try FileManager.default.copyItem(atPath: voice, toPath: inside)
            #expect(try await post("jobs", start(inside, "page")).status == 201)
            let orchestrator = try await page.stack.connect("orchestrator")
            let started = try await orchestrator.call("orchestrator.start", params: start(voice, "local"))
            let view = try await page.stack.waitForEnd(of: started["job_id"]?.string ?? "")
            #expect(view.state == .finished, "\(view)")
            #expect(!view.warnings.contains { $0.contains("no narration") }, "\(view.warnings)")
            // A link in the folder of narrations is followed for a local caller, and not for a browser.
            let found: JSONValue = [
                "user_id": "u", "session_id": "s", "options": ["width": 160, "height": 90],
                "pipeline_data": [
                    "storyboard": ["segments": [["id": "link", "duration": 1, "visual_guidance": "a hill"]]]
                ],
            ]
            for isPage in [true, false] {
                let job =
                    isPage
                    ? try JSONCoding.decode(JSONValue.self, from: Data(try await post("jobs", found).body.utf8))
                    : try await orchestrator.call("orchestrator.start", params: found)
                let view = try await page.stack.waitForEnd(of: job["job_id"]?.string ?? "")
                #expect(view.warnings.contains { $0.contains("no narration") } == isPage, "\(view.warnings)")
                #expect(view.warnings.contains { $0.hasPrefix("link.mp3 is not used: ") } == isPage)
            }
        }
    }

    @Test
    func `UNDERSTUDY_ALLOW_PATHS confines local callers as well`() async throws {
        let other = TemporaryPath.new("listed")
        for name in ["yes", "no"] {
            try FileManager.default.createDirectory(atPath: "\(other)/\(name)", withIntermediateDirectories: true)
            try await Self.makeVoice("\(other)/\(name)/a.mp3")
        }
        defer { try? FileManager.default.removeItem(atPath: other) }
        try await LiveStack.with(["UNDERSTUDY_ALLOW_PATHS": "/nowhere:\(other)/yes"]) { stack in
            let (imagegen, clipper) = (try await stack.connect("imagegen"), try await stack.connect("clipper"))
            for (name, expected) in [("yes", nil), ("no", ErrorKind.unauthorized)] as [(String, ErrorKind?)] {
                let file = "file://\(other)/\(name)"
                #expect(await Self.kind(clipper, "clipper.probe", ["media": .string("\(file)/a.mp3")]) == expected)
                let drawn = await Self.kind(
                    imagegen, "imagegen.generate",
                    ["prompt": "a hill", "width": 160, "height": 90, "output": .string("\(file)/new/a.png")])
                #expect(drawn == expected)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(other)/no/new"))
            // The command line copies files from anywhere into the store.
            try stack.write(
                #"{"segments":[{"id":"a","duration":1,"visual_guidance":"a hill"}]}"#, to: "\(other)/board.json")
            let run = try await stack.understudy(
                "run", "--user", "u", "--session", "s", "--storyboard", "\(other)/board.json", "--audio",
                "\(other)/no", "--option", "width=160", "--option", "height=90", "--output", "\(other)/film.mp4")
            #expect(run.status == 0, "\(run.output) \(run.errors)")
            #expect(FileManager.default.fileExists(atPath: "\(other)/film.mp4"))
            let estimate = try await stack.understudy(
                "run", "--user", "u", "--session", "t", "--storyboard", "\(other)/board.json", "--audio",
                "\(other)/no", "--dry-run", "--json")
            #expect(estimate.status == 0 && estimate.output.contains("clipper.replace_audio"), "\(estimate)")
        }
    }

    /// The type bits of a file's mode, without following links; 0 if there is no file.
    private static func type(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Makes a tone of one second.
    private static func makeVoice(_ path: String) async throws {
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "sine=d=1", path])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// The kind of a call's error; `nil` if the call succeeds.
    private static func kind(
        _ service: RPCConnection, _ method: String, _ params: [String: JSONValue]
    ) async -> ErrorKind? {
        do {
            _ = try await service.call(method, params: .object(params), timeout: .seconds(20))
            return nil
        } catch {
            return ServiceError(wrapping: error).kind
        }
    }
}
