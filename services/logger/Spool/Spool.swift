import AWS
import Artifacts
import Faults
import FoundationEssentials
import Glibc
import JSONRPC

/// Events that were accepted and not yet delivered, in files of a folder that instances share: each owns the files that it locked,
/// and adopts those of instances that are dead.
///
/// The oldest file is worked on first; a file goes when all of its events are settled. A process that is killed leaves its files as
/// they are, and at most one torn line.
actor Spool {
    enum Work {
        case send(_ stream: String, LogBatch)
        /// Whether it arrived is not known.
        case check(_ stream: String, LogBatch, sentAt: Int64)
    }

    private let folder: String
    private let instance: String
    private let maximumBytes: Int
    private let fileBytes: Int
    /// Full files, oldest first, and the one that is written to.
    private var full: [SpoolFile] = []
    private var current: SpoolFile?

    /// What the oldest file holds, and how much of the file was looked at.
    private var load = SpoolLoad()
    private var looked = 0
    /// Events that wait in all files.
    private(set) var pending = 0
    private(set) var bytes = 0
    /// Of events that were not looked at yet.
    private var freshBytes = 0
    private var freshCount = 0
    private var freshSince: ContinuousClock.Instant?

    /// - Parameters:
    ///   - folder: made when it is needed.
    ///   - instance: a part of the files' names.
    ///   - maximumBytes: of all files together; beyond, events are refused.
    init(folder: String, instance: String, maximumBytes: Int) {
        self.folder = folder
        self.instance = String(
            instance.unicodeScalars.prefix(64).map {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-")
                    ? Character($0) : "_"
            })
        PrivateFolder.tighten(folder)
        self.maximumBytes = maximumBytes
        fileBytes = min(8 * 1024 * 1024, max(maximumBytes / 4, 4096))
    }

    /// Keeps events, all or none.
    ///
    /// - Throws: `unavailable` where the spool or the disk is full.
    func append(_ events: [KeptEvent]) throws(ServiceError) {
        var lines = Data()
        for event in events { lines += SpoolLine.event(event).data }
        guard bytes + lines.count <= maximumBytes else {
            throw ServiceError(
                .unavailable,
                "the spool \(folder) holds \(bytes) bytes that CloudWatch has not taken; UNDERSTUDY_LOG_SPOOL_BYTES is \(maximumBytes)"
            )
        }
        if let current, current.bytes > 0, current.bytes + lines.count > fileBytes {
            full.append(current)
            self.current = nil
        }
        let file: SpoolFile
        if let current { file = current } else { file = try make() }
        current = file
        try file.append(lines)
        bytes += lines.count
        pending += events.count
        freshBytes += lines.count
        freshCount += events.count
        if freshSince == nil { freshSince = .now }
    }

    /// Brings what was kept to the disk.
    func sync() throws(ServiceError) {
        for file in full { try file.sync() }
        try current?.sync()
    }

    /// Takes in all that came until now, as far as it lies in the oldest file that has anything.
    func look() throws(ServiceError) {
        while let file = full.first ?? current {
            let text = try file.read(from: looked)
            looked += SpoolLine.read(text) { load.take($0) }
            if !load.isEmpty || full.isEmpty { break }
            discardOldest()
        }
        if full.isEmpty { (freshBytes, freshCount, freshSince) = (0, 0, nil) }
    }

    /// What is to be done next of what was looked at.
    func next() -> Work? {
        while let unsure = load.unsure.first {
            if let (stream, events) = load.events(unsure.numbers) {
                return .check(stream, LogBatch(all: events), sentAt: unsure.sentAt)
            }
            load.take(.returned(RecordNumbers(unsure.numbers)))
        }
        guard let stream = load.streams.first else { return nil }
        return .send(stream, LogBatch(first: load.events(of: stream)))
    }

    /// Whether more files wait behind the oldest.
    var hasMore: Bool { !full.isEmpty }

    /// Writes down what becomes of events of the oldest file.
    ///
    /// - Throws: where it could not be written; it holds as long as the process lives all the same.
    func note(_ line: SpoolLine) throws(ServiceError) {
        guard let file = full.first ?? current else { return }
        let before = load.count
        load.take(line)
        pending -= before - load.count
        let size = file.bytes
        let isUpToDate = looked == size
        try file.append(line.data)
        bytes += file.bytes - size
        if isUpToDate { looked = file.bytes }
    }

    /// Removes the oldest file where nothing waits in it, unless it is short and still written to.
    func tidy() throws(ServiceError) {
        guard load.isEmpty, let file = full.first ?? current, !full.isEmpty || file.bytes > 64 * 1024 else { return }
        looked += SpoolLine.read(try file.read(from: looked)) { load.take($0) }
        if load.isEmpty { discardOldest() }
    }

    /// Whether what came since the last look is enough for a batch.
    var hasFullBatch: Bool { freshCount >= LogsClient.batchCount || freshBytes >= LogsClient.batchBytes }

    /// How long what came may wait for more.
    ///
    /// - Parameter age: seconds that an event may wait.
    /// - Returns: `nil` where something is to be delivered at once.
    func secondsUntilDue(_ age: Double) -> Double? {
        guard let freshSince, full.isEmpty, !hasFullBatch else { return nil }
        return age - Double(freshSince.duration(to: .now).milliseconds) / 1000
    }

    /// Takes over what dead instances left, the oldest first.
    ///
    /// - Returns: how many events.
    @discardableResult
    func adopt() -> Int {
        let own = Set((full + (current.map { [$0] } ?? [])).map(\.path))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var adopted: [SpoolFile] = []
        var count = 0
        for name in names.sorted() where name.hasSuffix(".spool") && !own.contains("\(folder)/\(name)") {
            guard let file = SpoolFile(adopting: "\(folder)/\(name)") else { continue }
            var load = SpoolLoad()
            if let text = try? file.read(from: 0) { SpoolLine.read(text) { load.take($0) } }
            guard !load.isEmpty else {
                file.remove()
                continue
            }
            adopted.append(file)
            count += load.count
            bytes += file.bytes
        }
        // The first file of ours may be half done: it stays the first.
        let isBusy = looked > 0 && full.isEmpty && current != nil
        if isBusy, !adopted.isEmpty, let current {
            full.append(current)
            self.current = nil
        }
        full += adopted
        pending += count
        return count
    }

    /// Removes the file that is written to where nothing waits in it.
    func close() {
        guard pending == 0 else { return }
        current?.remove()
        current = nil
    }

    private func make() throws(ServiceError) -> SpoolFile {
        try PrivateFolder.make(folder)
        // The names' order is that of time.
        // trusted: the wall clock
        let time = String(Int64(Date().timeIntervalSince1970 * 1000) + 1_000_000_000_000_000).dropFirst()
        let random = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let name = "\(time)-\(instance)-\(getpid())-\(random).spool"
        return try SpoolFile(making: "\(folder)/\(name)")
    }

    private func discardOldest() {
        guard let file = full.first ?? current else { return }
        file.remove()
        bytes -= file.bytes
        if full.isEmpty { current = nil } else { full.removeFirst() }
        load = SpoolLoad()
        looked = 0
    }
}
