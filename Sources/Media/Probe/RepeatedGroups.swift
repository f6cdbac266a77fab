// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Finds the groups of a video's pictures that equal a previous group, byte for byte.
///
/// A group that starts with an IDR picture decodes in the same way wherever it occurs. A film of stills repeats the
/// same few groups, so it is enough to decode each of them once.
struct RepeatedGroups {
    struct Group: Equatable {
        var packets: Int
        /// The first group with the same bytes; `nil` if this is the first.
        var original: Int?
        /// Whether a later group has the same bytes.
        var isRepeated = false
    }

    private(set) var groups: [Group] = []

    /// - Parameters:
    ///   - path: Path of a file that was opened before.
    ///   - index: Its video stream.
    ///   - cancelled: Polled while the file is read.
    init(
        _ path: String, stream index: Int, cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) {
        let input = try InputFile(path, examines: false, cancelled: cancelled)
        guard index < input.streamCount, Self.hasOutOfBandParameterSets(input.stream(index)) else { return }
        let packet = try Packet()
        var known: [Int: Int] = [:]
        var hasher = Hasher()
        var count = 0
        func close() {
            guard count > 0 else { return }
            let hash = hasher.finalize()
            let original = known[hash]
            if let original { groups[original].isRepeated = true } else { known[hash] = groups.count }
            groups.append(Group(packets: count, original: original))
            (hasher, count) = (Hasher(), 0)
        }
        while try input.read(packet) {
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            // Equal groups may decode differently if parameter sets change between them or an edit list hides some of
            // their frames.
            if packet.beginsWithParameterSets || packet.isHidden {
                groups = []
                return
            }
            if packet.beginsWithIDR { close() }
            hasher.combine(packet.pointer.pointee.size)
            hasher.combine(bytes: UnsafeRawBufferPointer(start: packet.pointer.pointee.data, count: packet.size))
            count += 1
        }
        close()
    }

    /// Whether a group decodes alike wherever it occurs: its parameter sets are in the file's header.
    private static func hasOutOfBandParameterSets(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let parameters = stream.pointee.codecpar!
        return parameters.pointee.codec_id == AV_CODEC_ID_H264 && parameters.pointee.extradata_size > 6
            && parameters.pointee.extradata[0] == 1
    }
}

extension Packet {
    fileprivate var size: Int { Int(pointer.pointee.size) }

    /// Whether the first slice of a sample with length-prefixed units is of an IDR picture.
    var beginsWithIDR: Bool { isKey && kindsUpToFirstSlice.last == 5 }

    /// Whether a sample has parameter sets before its first slice.
    fileprivate var beginsWithParameterSets: Bool { kindsUpToFirstSlice.contains { $0 == 7 || $0 == 8 } }

    /// Types of the units of a sample up to its first slice.
    private var kindsUpToFirstSlice: [UInt8] {
        guard let data = pointer.pointee.data else { return [] }
        var kinds: [UInt8] = []
        var offset = 0
        while offset + 5 <= size {
            let kind = data[offset + 4] & 0x1F
            kinds.append(kind)
            if (1...5).contains(kind) { break }
            offset += 4 + (0..<4).reduce(0) { $0 << 8 | Int(data[offset + $1]) }
        }
        return kinds
    }
}
