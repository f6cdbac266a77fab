// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Faults
import FoundationEssentials
import Glibc
import JSONRPC

/// A durable queue of events that were accepted but not yet delivered.
///
/// The spool is a folder of files that all instances share. Each instance owns the files that it has locked, and adopts those of terminated
/// instances. The oldest file is delivered first; a file is removed when none of its events is pending. A killed process leaves its files
/// and at most one torn line.
actor Spool {
    /// The next step of the delivery.
    enum Work {
        /// Send a batch.
        case send(_ stream: String, LogBatch)
        /// Verify whether a batch with unconfirmed delivery was stored. `sentAt` is in milliseconds since 1970.
        case verify(_ stream: String, LogBatch, sentAt: Int64)
    }

    private let folder: String
    private let instance: String
    private let maximumBytes: Int
    private let fileBytes: Int
    /// The files that are no longer written to, oldest first.
    private var fullFiles: [SpoolFile] = []
    /// The file that is written to.
    private var currentFile: SpoolFile?

    /// The state of the oldest file.
    private var contents = SpoolContents()
    /// Position in the oldest file up to which `contents` reflects it.
    private var readOffset = 0
    /// The number of pending events in all files.
    private(set) var pending = 0
    /// The total size of all files in bytes.
    private(set) var bytes = 0
    /// Size, number and arrival time of the events that were not read yet.
    private var unreadBytes = 0
    private var unreadCount = 0
    private var unreadSince: ContinuousClock.Instant?

    /// - Parameters:
    ///   - folder: created on the first write.
    ///   - instance: the name of this instance, which becomes part of file names.
    ///   - maximumBytes: maximum total size of all files in bytes; further events are rejected.
    init(folder: String, instance: String, maximumBytes: Int) {
        self.folder = folder
        self.instance = String(
            instance.unicodeScalars.prefix(64).map {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-")
                    ? Character($0) : "_"
            })
        PrivateFolder.restrictPermissions(folder)
        self.maximumBytes = maximumBytes
        fileBytes = min(8 * 1024 * 1024, max(maximumBytes / 4, 4096))
    }

    /// Appends events, all or none.
    ///
    /// - Throws: `unavailable` if the spool or the disk is full.
    func append(_ events: [SpooledEvent]) throws(ServiceError) {
        var lines = Data()
        for event in events { lines += SpoolLine.event(event).data }
        guard bytes + lines.count <= maximumBytes else {
            throw ServiceError(
                .unavailable,
                "the spool \(folder) is full: \(bytes) of at most \(maximumBytes) bytes (UNDERSTUDY_LOG_SPOOL_BYTES) are "
                    + "used: check the connection to CloudWatch, or raise the limit")
        }
        if let currentFile, currentFile.bytes > 0, currentFile.bytes + lines.count > fileBytes {
            fullFiles.append(currentFile)
            self.currentFile = nil
        }
        let file: SpoolFile
        if let currentFile { file = currentFile } else { file = try createFile() }
        currentFile = file
        try file.append(lines)
        bytes += lines.count
        pending += events.count
        unreadBytes += lines.count
        unreadCount += events.count
        if unreadSince == nil { unreadSince = .now }
    }

    /// Flushes all files to the disk.
    ///
    /// - Throws: why a file could not be flushed.
    func sync() throws(ServiceError) {
        for file in fullFiles { try file.sync() }
        try currentFile?.sync()
    }

    /// Reads the new lines of the oldest file with pending events.
    ///
    /// - Throws: why the file could not be read.
    func readOldest() throws(ServiceError) {
        while let file = fullFiles.first ?? currentFile {
            let text = try file.read(from: readOffset)
            readOffset += SpoolLine.read(text) { contents.apply($0) }
            if !contents.isEmpty || fullFiles.isEmpty { break }
            removeOldest()
        }
        if fullFiles.isEmpty { (unreadBytes, unreadCount, unreadSince) = (0, 0, nil) }
    }

    /// The next step for the events that were read; `nil` if none is pending.
    func nextWork() -> Work? {
        while let batch = contents.unconfirmed.first {
            if let (stream, events) = contents.events(batch.numbers) {
                return .verify(stream, LogBatch(all: events), sentAt: batch.sentAt)
            }
            contents.apply(.returned(RecordRanges(batch.numbers)))
        }
        guard let stream = contents.streams.first else { return nil }
        return .send(stream, LogBatch(first: contents.events(of: stream)))
    }

    /// Whether there are more files after the oldest one.
    var hasMoreFiles: Bool { !fullFiles.isEmpty }

    /// Records the delivery state of events in the oldest file.
    ///
    /// - Throws: why the state could not be written. It remains valid in memory.
    func record(_ line: SpoolLine) throws(ServiceError) {
        guard let file = fullFiles.first ?? currentFile else { return }
        let previousCount = contents.count
        contents.apply(line)
        pending -= previousCount - contents.count
        let size = file.bytes
        let isUpToDate = readOffset == size
        try file.append(line.data)
        bytes += file.bytes - size
        if isUpToDate { readOffset = file.bytes }
    }

    /// Removes the oldest file if none of its events is pending. A short file that is still written to is preserved.
    ///
    /// - Throws: why the file could not be read.
    func removeDelivered() throws(ServiceError) {
        guard contents.isEmpty, let file = fullFiles.first ?? currentFile,
            !fullFiles.isEmpty || file.bytes > 64 * 1024
        else { return }
        readOffset += SpoolLine.read(try file.read(from: readOffset)) { contents.apply($0) }
        if contents.isEmpty { removeOldest() }
    }

    /// Whether the unread events fill a batch.
    var hasFullBatch: Bool { unreadCount >= LogsClient.batchCount || unreadBytes >= LogsClient.batchBytes }

    /// The remaining time in seconds until the unread events must be delivered.
    ///
    /// - Parameter maximumAge: how long an event may wait for others, in seconds.
    /// - Returns: `nil` if events must be delivered at once.
    func secondsUntilDue(_ maximumAge: Double) -> Double? {
        guard let unreadSince, fullFiles.isEmpty, !hasFullBatch else { return nil }
        return maximumAge - Double(unreadSince.duration(to: .now).milliseconds) / 1000
    }

    /// Adopts the files of terminated instances, oldest first.
    ///
    /// - Returns: the number of pending events in them.
    @discardableResult
    func adoptOrphans() -> Int {
        let own = Set((fullFiles + (currentFile.map { [$0] } ?? [])).map(\.path))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var adopted: [SpoolFile] = []
        var count = 0
        for name in names.sorted() where name.hasSuffix(".spool") && !own.contains("\(folder)/\(name)") {
            guard let file = SpoolFile(adopting: "\(folder)/\(name)") else { continue }
            var contents = SpoolContents()
            if let text = try? file.read(from: 0) { SpoolLine.read(text) { contents.apply($0) } }
            guard !contents.isEmpty else {
                file.remove()
                continue
            }
            adopted.append(file)
            count += contents.count
            bytes += file.bytes
        }
        // A file whose delivery has begun remains the oldest one.
        let isInProgress = readOffset > 0 && fullFiles.isEmpty && currentFile != nil
        if isInProgress, !adopted.isEmpty, let currentFile {
            fullFiles.append(currentFile)
            self.currentFile = nil
        }
        fullFiles += adopted
        pending += count
        return count
    }

    /// Removes the current file if no events are pending.
    func close() {
        guard pending == 0 else { return }
        currentFile?.remove()
        currentFile = nil
    }

    private func createFile() throws(ServiceError) -> SpoolFile {
        try PrivateFolder.make(folder)
        // Names sort by creation time.
        // trusted: the wall clock
        let time = String(Int64(Date().timeIntervalSince1970 * 1000) + 1_000_000_000_000_000).dropFirst()
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let name = "\(time)-\(instance)-\(getpid())-\(random).spool"
        return try SpoolFile(creating: "\(folder)/\(name)")
    }

    private func removeOldest() {
        guard let file = fullFiles.first ?? currentFile else { return }
        file.remove()
        bytes -= file.bytes
        if fullFiles.isEmpty { currentFile = nil } else { fullFiles.removeFirst() }
        contents = SpoolContents()
        readOffset = 0
    }
}
