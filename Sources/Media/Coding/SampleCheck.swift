// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Inspects the samples of an H.264 track without decoding them: whether its pictures can be copied to a track that has
/// the parameter sets of its header only.
struct SampleCheck {
    /// Why they cannot be copied; `nil` if they can.
    private(set) var obstacle: String?
    /// Positions of the IDR pictures among the shown frames.
    private(set) var keys: [Int] = []

    /// Ticks from decoding to presentation of the first frame.
    private var delay: Int64?
    private let known: Set<NALUnit>
    private let pictureSets: Set<Int>
    /// The first bytes of the last inspected slice.
    private var firstBytes: UInt64 = 0
    private var frames = 0

    /// - Parameter configuration: The parameter sets of the file's header.
    init(_ configuration: DecoderConfiguration) {
        known = Set(configuration.sequence + configuration.picture)
        pictureSets = Set(configuration.picture.map { Self.id(in: $0, skipping: 0) })
        if configuration.sequence.contains(where: Self.mayHoldFields) { obstacle = "it is coded as interlaced video" }
    }

    /// Inspects a whole file, up to the first obstacle.
    ///
    /// - Parameters:
    ///   - path: Path of a file that was opened before.
    ///   - index: Its video stream.
    ///   - configuration: The parameter sets of its header.
    init(_ path: String, stream index: Int, _ configuration: DecoderConfiguration) throws(MediaError) {
        self.init(configuration)
        let input = try InputFile(path, examines: false)
        guard index < input.streamCount else {
            throw MediaError(.corruptMedia, "\(fileName(path)) changed while it was read")
        }
        let packet = try Packet()
        while obstacle == nil, try input.readShown(packet, of: index) { examine(packet) }
    }

    /// Inspects the next shown packet.
    mutating func examine(_ packet: borrowing Packet) {
        if av_packet_get_side_data(packet.pointer, AV_PKT_DATA_NEW_EXTRADATA, nil) != nil {
            obstacle = Self.changingSets
        } else {
            compareTimes(of: packet)
            inspect(into: packet)
        }
        frames += 1
    }

    private static let changingSets = "its parameter sets change within the clip"

    /// If frames are shown in decoding order, all have the same delay.
    private mutating func compareTimes(of packet: borrowing Packet) {
        let (decoding, presentation) = (packet.pointer.pointee.dts, packet.pointer.pointee.pts)
        guard decoding != us_no_pts, presentation != us_no_pts else { return }
        let delay = MediaTime.distance(from: decoding, to: presentation)
        if let first = self.delay, first != delay { obstacle = "its pictures are not shown in the order of decoding" }
        self.delay = self.delay ?? delay
    }

    private mutating func inspect(into packet: borrowing Packet) {
        let size = Int(packet.pointer.pointee.size)
        guard let data = packet.pointer.pointee.data else {
            obstacle = "it has an empty sample"
            return
        }
        var offset = 0
        var hasPicture = false
        while offset < size {
            let length = offset + 4 < size ? (0..<4).reduce(0) { $0 << 8 | Int(data[offset + $1]) } : 0
            guard length > 0, length <= size - offset - 4 else {
                obstacle = "its samples are damaged"
                return
            }
            let unit = UnsafeBufferPointer(start: data + offset + 4, count: length)
            switch unit[0] & 0x1F {
            case 7, 8:
                if !known.contains(NALUnit(bytes: Array(unit))) { obstacle = Self.changingSets }
            case 1, 5:
                if !hasPicture, unit[0] & 0x1F == 5 { keys.append(frames) }
                hasPicture = true
                compareSet(of: unit)
            default: break
            }
            offset += 4 + length
        }
        if !hasPicture { obstacle = obstacle ?? "it has a sample without a picture" }
    }

    private mutating func compareSet(of slice: UnsafeBufferPointer<UInt8>) {
        // The first slice of a picture states its set within 25 bits: a slice that starts like the last one needs no
        // parsing.
        if slice.count > 4, slice[1] & 0x80 != 0 {
            let firstBytes = (0..<5).reduce(UInt64(0)) { $0 << 8 | UInt64(slice[$1]) }
            if firstBytes == self.firstBytes { return }
            self.firstBytes = firstBytes
        }
        if !pictureSets.contains(Self.id(in: NALUnit(bytes: Array(slice.prefix(24))), skipping: 2)) {
            obstacle = "its pictures refer to parameter sets that it does not have"
        }
    }

    /// The id of a picture parameter set or, after two other numbers, the id that a slice refers to.
    private static func id(in unit: NALUnit, skipping count: Int) -> Int {
        var reader = BitReader(unit.payload)
        for _ in 0..<count { _ = reader.unsigned() }
        return reader.unsigned()
    }

    /// Whether a sequence parameter set allows fields (`frame_mbs_only_flag` is 0). Unsupported sets count as
    /// progressive.
    private static func mayHoldFields(_ unit: NALUnit) -> Bool {
        do throws(MediaError) {
            return try !SequenceParameterSet(unit, acceptsFields: true).isFrameOnly
        } catch {
            return false
        }
    }
}
