// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import JSON
import JSONRPC
import NIOCore

/// The readers of a tap. Runs on the tap's event loop.
final class TapReaders {
    /// A reader misses messages while more than the upper number of bytes waits for it, until less than the lower one does.
    static let buffer = ChannelOptions.Types.WriteBufferWaterMark(low: 1024 * 1024, high: 4 * 1024 * 1024)
    /// The maximum number of readers.
    private static let maximum = 16

    private struct Reader {
        let channel: any Channel
        /// The connections whose messages it gets: those from this number on, and those in `joined`.
        let firstConnection: Int
        /// Connections that were open when the reader came, and whose unfinished requests it has got.
        var joined: Set<Int> = []
        /// The messages that it missed since the last one that it got.
        var lost = 0
    }

    private let source: TapSource
    private let readersChanged: (Bool) -> Void
    private var messages: MessageReader
    private var readers: [ObjectIdentifier: Reader] = [:]

    /// - Parameter readersChanged: is told whether there are readers.
    init(source: TapSource, redaction: Redaction, readersChanged: @escaping (Bool) -> Void) {
        self.source = source
        self.readersChanged = readersChanged
        messages = MessageReader(instance: source.instance, redaction: redaction)
    }

    /// The handler of a new reader's connection.
    func handler(_ channel: any Channel, server: RPCServer) -> any ChannelHandler {
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        return TapReaderHandler { isActive in
            isActive ? bound.value.add(channel, server) : bound.value.remove(channel)
        }
    }

    private func add(_ channel: any Channel, _ server: RPCServer) {
        guard readers.count < Self.maximum else { return channel.close(promise: nil) }
        let key = ObjectIdentifier(channel)
        // First, so that each connection that is new from now on is observed from its beginning.
        readersChanged(true)
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let next = server.reportUnfinished { unfinished in
            bound.eventLoop.execute { bound.value.join(unfinished, key) }
        }
        readers[key] = Reader(channel: channel, firstConnection: next)
        write(.source(source), to: channel)
        channel.flush()
    }

    private func remove(_ channel: any Channel) {
        readers[ObjectIdentifier(channel)] = nil
        guard readers.isEmpty else { return }
        readersChanged(false)
        messages.reset()
    }

    /// Sends a connection's unfinished requests to a new reader, which gets its later messages too.
    private func join(_ unfinished: UnfinishedRequests, _ key: ObjectIdentifier) {
        guard readers[key] != nil else { return }
        readers[key]?.joined.insert(unfinished.connection)
        for request in unfinished.requests {
            for message in messages.read(request, time: Self.wallClock(request.time)) { send(message, to: key) }
        }
        readers[key]?.channel.flush()
    }

    /// Sends a line to the readers.
    ///
    /// - Parameter skipped: the number of lines before it that were not passed on.
    func distribute(_ event: LineEvent, skipped: Int) {
        for key in readers.keys where skipped > 0 { readers[key]?.lost += skipped }
        let messages = messages.read(event, time: Self.wallClock(event.time))
        for (key, reader) in readers {
            guard event.connection >= reader.firstConnection || reader.joined.contains(event.connection) else {
                continue
            }
            for message in messages { send(message, to: key) }
            reader.channel.flush()
            if case .closed = event.kind { readers[key]?.joined.remove(event.connection) }
        }
    }

    private func send(_ message: TapMessage, to key: ObjectIdentifier) {
        guard let reader = readers[key] else { return }
        guard reader.channel.isWritable else {
            readers[key]?.lost += 1
            return
        }
        if reader.lost > 0 {
            write(.lost(TapLoss(lost: reader.lost, time: .now)), to: reader.channel)
            readers[key]?.lost = 0
        }
        write(.message(message), to: reader.channel)
    }

    private func write(_ record: TapRecord, to channel: any Channel) {
        guard var line = try? JSONCoding.encode(record) else { return }
        line.append(UInt8(ascii: "\n"))
        channel.write(ByteBuffer(bytes: line), promise: nil)
    }

    private static func wallClock(_ time: ContinuousClock.Instant) -> Timestamp {
        Timestamp.now.adding(seconds: (time - ContinuousClock.now) / .seconds(1))
    }
}
