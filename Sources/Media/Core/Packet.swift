// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns an `AVPacket`.
struct Packet: ~Copyable {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(MediaError) {
        guard let pointer = av_packet_alloc() else { throw MediaError(.internal, "out of memory") }
        self.pointer = pointer
    }

    /// Creates a packet with a copy of the bytes.
    init(_ bytes: [UInt8]) throws(MediaError) {
        let made = try Packet()
        try made.fill(with: bytes)
        self = made
    }

    /// Copies bytes into an empty packet.
    func fill(with bytes: [UInt8]) throws(MediaError) {
        try check(av_new_packet(pointer, Int32(bytes.count)), "out of memory")
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.pointee.data.update(from: base, count: source.count) }
        }
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }

    var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: pointer.pointee.data, count: Int(pointer.pointee.size)))
    }

    var isKey: Bool { pointer.pointee.flags & AV_PKT_FLAG_KEY != 0 }
    /// Whether an edit list hides its frame, which is decoded only because later frames refer to it.
    var isHidden: Bool { pointer.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }

    /// Subtracts a start time, in ticks, from the packet's timestamps.
    func shift(by start: Int64) {
        if pointer.pointee.pts != us_no_pts {
            pointer.pointee.pts = MediaTime.distance(from: start, to: pointer.pointee.pts)
        }
        if pointer.pointee.dts != us_no_pts {
            pointer.pointee.dts = MediaTime.distance(from: start, to: pointer.pointee.dts)
        }
    }

    func unreference() { av_packet_unref(pointer) }
}
