import CFFmpeg

/// Looks into the samples of an H.264 track without decoding them: whether its pictures can be copied to another track that has
/// the parameter sets of its header.
struct SampleCheck {
    /// Why they cannot be copied, if for any reason.
    private(set) var obstacle: String?
    /// Positions of the IDR pictures among the frames that are shown.
    private(set) var keys: [Int] = []

    /// Ticks from decoding to presentation of the first frame.
    private var delay: Int64?
    private let known: Set<NALUnit>
    private let pictureSets: Set<Int>
    /// The beginning of the last slice that was looked into.
    private var head: UInt64 = 0
    private var frames = 0

    /// - Parameter configuration: the parameter sets of the file's header.
    init(_ configuration: DecoderConfiguration) {
        known = Set(configuration.sequence + configuration.picture)
        pictureSets = Set(configuration.picture.map { Self.id(in: $0, skipping: 0) })
        if configuration.sequence.contains(where: Self.mayHoldFields) { obstacle = "it is coded as interlaced video" }
    }

    /// Looks into a whole file, up to the first obstacle.
    ///
    /// - Parameters:
    ///   - path: of a file that was opened before.
    ///   - index: its video stream.
    ///   - configuration: the parameter sets of its header.
    init(_ path: String, stream index: Int, _ configuration: DecoderConfiguration) throws(MediaError) {
        self.init(configuration)
        let input = try InputFile(path, examines: false)
        guard index < input.streamCount else { throw MediaError(.corruptMedia, "\(fileName(path)) changes") }
        let packet = try Packet()
        while obstacle == nil, try input.readShown(packet, of: index) { examine(packet) }
    }

    /// Looks into the next packet that is shown.
    mutating func examine(_ packet: borrowing Packet) {
        if av_packet_get_side_data(packet.pointer, AV_PKT_DATA_NEW_EXTRADATA, nil) != nil {
            obstacle = Self.changes
        } else {
            compareTimes(of: packet)
            look(into: packet)
        }
        frames += 1
    }

    private static let changes = "its parameter sets change within the clip"

    /// Where frames are shown in the order of decoding, all have the same delay.
    private mutating func compareTimes(of packet: borrowing Packet) {
        let (decoding, presentation) = (packet.pointer.pointee.dts, packet.pointer.pointee.pts)
        guard decoding != us_no_pts, presentation != us_no_pts else { return }
        let delay = MediaTime.distance(from: decoding, to: presentation)
        if let first = self.delay, first != delay { obstacle = "its pictures are not shown in the order of decoding" }
        self.delay = self.delay ?? delay
    }

    private mutating func look(into packet: borrowing Packet) {
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
                if !known.contains(NALUnit(bytes: Array(unit))) { obstacle = Self.changes }
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
        // The first slice of a picture names its set within 25 bits: what began like the last one need not be taken apart.
        if slice.count > 4, slice[1] & 0x80 != 0 {
            let head = (0..<5).reduce(UInt64(0)) { $0 << 8 | UInt64(slice[$1]) }
            if head == self.head { return }
            self.head = head
        }
        if !pictureSets.contains(Self.id(in: NALUnit(bytes: Array(slice.prefix(24))), skipping: 2)) {
            obstacle = "its pictures refer to parameter sets that it does not have"
        }
    }

    /// The id that a picture parameter set has or, behind two other numbers, that a slice refers to.
    private static func id(in unit: NALUnit, skipping numbers: Int) -> Int {
        var reader = BitReader(unit.payload)
        for _ in 0..<numbers { _ = reader.unsigned() }
        return reader.unsigned()
    }

    /// Whether a sequence parameter set allows fields (`frame_mbs_only_flag` is 0). Sets that the reader does not follow count
    /// as frames.
    private static func mayHoldFields(_ unit: NALUnit) -> Bool {
        do throws(MediaError) {
            return try !SequenceParameters(unit, acceptsFields: true).framesOnly
        } catch {
            return false
        }
    }
}
