// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct BodyCollectorTests {
    private func files(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    @Test func `a body in memory is collected up to its limit`() throws {
        let collector = BodyCollector(.memory(maximum: 6))
        try collector.expect(6)
        try collector.add(ByteBuffer(string: "abc"))
        try collector.add(ByteBuffer(string: "def"))
        guard case .bytes(let bytes) = collector.finish() else {
            Issue.record("there is no body")
            return
        }
        #expect(bytes == Data("abcdef".utf8))
        let error = #expect(throws: ServiceError.self) { try collector.add(ByteBuffer(string: "g")) }
        #expect(error?.kind == .tooLarge)
    }

    @Test func `an announced length above the limit is too large`() {
        let error = #expect(throws: ServiceError.self) { try BodyCollector(.memory(maximum: 6)).expect(7) }
        #expect(error?.kind == .tooLarge && error?.message == "the body has 7 bytes; the limit is 6")
    }

    @Test func `an empty body is none`() {
        guard case .none = BodyCollector(.memory(maximum: 6)).finish() else {
            Issue.record("there is a body")
            return
        }
    }

    @Test func `an upload is written to a private file, and discarding it releases its quota`() throws {
        try Fixtures.withFolder { folder in
            let quota = UploadQuota(maximum: 10)
            let collector = BodyCollector(.file(folder: folder, quota: quota, maximum: 100))
            try collector.add(ByteBuffer(string: "12345678"))
            guard case .file(let file, let count) = collector.finish() else {
                Issue.record("there is no file")
                return
            }
            #expect(count == 8 && FileManager.default.contents(atPath: file.path) == Data("12345678".utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let error = #expect(throws: ServiceError.self) { try quota.check(3) }
            let exceeded = try #require(error)
            #expect(WebResponse.failure(exceeded).status == .insufficientStorage)
            file.discard()
            file.discard()
            try quota.check(10)
            #expect(files(folder).isEmpty)
        }
    }

    @Test func `an upload beyond the quota fails, and leaves nothing behind`() throws {
        try Fixtures.withFolder { folder in
            let quota = UploadQuota(maximum: 10)
            let collector = BodyCollector(.file(folder: folder, quota: quota, maximum: 100))
            try collector.add(ByteBuffer(string: "12345678"))
            let error = #expect(throws: ServiceError.self) { try collector.add(ByteBuffer(string: "90a")) }
            #expect(error?.kind == .unavailable)
            collector.discard()
            try quota.check(10)
            #expect(files(folder).isEmpty)
        }
    }

    @Test func `a failed reservation reserves nothing`() throws {
        let quota = UploadQuota(maximum: 10)
        try quota.reserve(6)
        #expect(throws: ServiceError.self) { try quota.reserve(5) }
        try quota.reserve(4)
        quota.release(10)
        try quota.check(10)
    }

    @Test func `files of killed processes are removed, files of running uploads are preserved`() throws {
        try Fixtures.withFolder { folder in
            let running = try UploadFile(in: folder, UploadQuota(maximum: 10))
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/.abandoned.tmp"))
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/other.tmp"))
            #expect(UploadFile.removeAbandoned(in: folder) == 1)
            #expect(Set(files(folder)) == [URL(filePath: running.path).lastPathComponent, "other.tmp"])
        }
    }
}
