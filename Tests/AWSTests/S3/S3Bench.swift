// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import StandIns
import TestSupport
import Testing

@testable import AWS

/// Uploads and downloads a file of 1 GiB, compared with curl and boto3 (the AWS CLI's transfer library) and the same server in one run.
@Suite(
    .enabled(if: ProcessInfo.processInfo.environment["UNDERSTUDY_BENCH"] != nil, "a benchmark; see make bench-s3"),
    .timeLimit(.minutes(10)))
struct S3Bench {
    private static let size = 1 << 30

    @Test
    func `transfers of 1 GiB are compared with curl and boto3`() async throws {
        let aws = try StandIn("aws", ["--lenient"])
        let folder = TemporaryPath.new("bench")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/file"
        try Self.run("/usr/bin/head", ["-c", String(Self.size), "/dev/urandom"], output: path)
        let account = AWSAccount(environment: [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
        ])
        let client = S3Client(account: account)
        let object = try S3Location(bucket: "films", key: "understudy")
        for round in 1...3 {
            try Self.resetPeakMemory()
            let base = try Self.memory("VmRSS")
            let up = try await Self.seconds { try await client.upload(.file(path), to: object) }
            let down = try await Self.seconds { _ = try await client.download(object, to: "\(folder)/understudy") }
            let peak = try Self.memory("VmHWM")
            #expect(FileManager.default.contentsEqual(atPath: path, andPath: "\(folder)/understudy"))
            func boto3(_ call: String, _ file: String) throws {
                try aws.send([
                    "service": "s3", "call": .string(call),
                    "args": ["Bucket": "films", "Key": "theirs", "Filename": .string(file)],
                ])
            }
            let botoUp = try await Self.seconds { try boto3("upload_file", path) }
            let botoDown = try await Self.seconds { try boto3("download_file", "\(folder)/theirs") }
            let put = try await client.client.presigned(
                AWSRequest("PUT", S3Location(bucket: "films", key: "curl")), seconds: 600)
            let get = try await client.presignedURL(S3Location(bucket: "films", key: "curl"), seconds: 600)
            let curlUp = try await Self.seconds {
                try Self.run(
                    "/usr/bin/curl", ["-sf", "-H", "Content-Type: video/mp4", "-T", path, put], output: "/dev/null")
            }
            let curlDown = try await Self.seconds {
                try Self.run("/usr/bin/curl", ["-sf", get], output: "\(folder)/curl")
            }
            func ratio(_ ours: Double, _ theirs: Double) -> String { String(format: "%.2f", ours / theirs) }
            print(
                "bench: round \(round): up \(ratio(up, curlUp)) of curl, \(ratio(up, botoUp)) of boto3;",
                "down \(ratio(down, curlDown)) of curl, \(ratio(down, botoDown)) of boto3;",
                "memory from \(base / 1024) to at most \(peak / 1024) MB;",
                String(format: "(%.1f s up, %.1f s down)", up, down))
        }
    }

    private static func seconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private static func run(_ program: String, _ arguments: [String], output: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// A value of `/proc/self/status` in kilobytes.
    private static func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    private static func resetPeakMemory() throws {
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }
}
