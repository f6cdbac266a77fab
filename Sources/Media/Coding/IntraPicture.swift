/// An IDR picture taken apart, so that its slice headers can be written anew around the same coded macroblocks.
///
/// What a slice's header says of numbering and order is not part of its arithmetic-coded data, which begins at a whole byte
/// (`cabac_alignment_one_bit`, clause 7.3.4). So a coded picture becomes another IDR picture, or an intra picture within a
/// group, without being coded again, and decodes to the same samples.
struct IntraPicture: Equatable {
    private struct Slice: Equatable {
        var firstMacroblock: Int
        var quantiserDelta: Int
        /// disable_deblocking_filter_idc and its two offsets, where the picture parameter set lets a slice say them.
        var deblocking: [Int]
        var data: ArraySlice<UInt8>
    }

    private let slices: [Slice]

    /// - Parameters:
    ///   - sample: an IDR picture as an MP4 track keeps it.
    ///   - configuration: the first sets of which it refers to.
    /// - Throws: `unsupported` for a picture of another kind.
    init(sample: [UInt8], _ configuration: DecoderConfiguration) throws(MediaError) {
        guard let sequence = configuration.sequence.first, let picture = configuration.picture.first else {
            throw MediaError(.corruptMedia, "H.264 without parameter sets")
        }
        let (numbers, coding) = (try SequenceParameters(sequence), try PictureParameters(picture))
        var slices: [Slice] = []
        for unit in NALUnit.split(sample: sample) { slices.append(try Self.slice(unit, numbers, coding)) }
        guard !slices.isEmpty else { throw MediaError(.corruptMedia, "a picture without slices") }
        self.slices = slices
    }

    /// slice_header, clause 7.3.3, of an IDR picture's slice.
    private static func slice(
        _ unit: NALUnit, _ sequence: SequenceParameters, _ picture: PictureParameters
    ) throws(MediaError) -> Slice {
        let payload = unit.payload
        var reader = BitReader(Array(payload.prefix(64)))
        let first = reader.unsigned()
        let type = reader.unsigned()
        let set = reader.unsigned()
        _ = reader.bits(sequence.log2MaxFrameNum)
        _ = reader.unsigned()  // idr_pic_id
        if sequence.pictureOrderCountType == 0 { _ = reader.bits(sequence.log2MaxPictureOrderCountLsb) }
        _ = reader.bits(2)  // no_output_of_prior_pics_flag, long_term_reference_flag
        let quantiser = reader.signed()
        var deblocking: [Int] = []
        if picture.hasDeblockingControl {
            deblocking = [reader.unsigned()]
            if deblocking[0] != 1 { deblocking += [reader.signed(), reader.signed()] }
        }
        guard unit.kind == .idr, type % 5 == 2, set == picture.id, !reader.isExhausted else {
            throw MediaError(.unsupported, "an IDR picture of another kind")
        }
        return Slice(
            firstMacroblock: first, quantiserDelta: quantiser, deblocking: deblocking,
            data: payload[min((reader.position + 7) / 8, payload.count)...])
    }

    /// The picture as an IDR picture.
    ///
    /// - Parameter number: idr_pic_id; IDR pictures that follow each other must differ in it.
    func idr(number: Int, parameterSet: Int, _ sequence: SequenceParameters) -> CodedPicture {
        coded(.idr, parameterSet, sequence, frameNum: 0, order: 0, idr: number)
    }

    /// The picture as an intra picture within a group, to which others may refer.
    ///
    /// - Parameters:
    ///   - frameNum: reference pictures of the group before it.
    ///   - order: frames from the group's first picture to this one as they are shown.
    func reference(frameNum: Int, order: Int, parameterSet: Int, _ sequence: SequenceParameters) -> CodedPicture {
        coded(.slice, parameterSet, sequence, frameNum: frameNum, order: order, idr: nil)
    }

    private func coded(
        _ kind: NALUnit.Kind, _ parameterSet: Int, _ sequence: SequenceParameters, frameNum: Int, order: Int, idr: Int?
    ) -> CodedPicture {
        let units = slices.map { slice in
            var writer = BitWriter()
            writer.unsigned(slice.firstMacroblock)
            writer.unsigned(7)  // slice_type: I, and so are all slices of the picture
            writer.unsigned(parameterSet)
            writer.numbers(sequence, frameNum: frameNum, order: order, idr: idr)
            // dec_ref_pic_marking: an IDR picture says two flags, another one that the sliding window is used.
            writer.bits(0, idr == nil ? 1 : 2)
            writer.signed(slice.quantiserDelta)
            if let mode = slice.deblocking.first {
                writer.unsigned(mode)
                for offset in slice.deblocking.dropFirst() { writer.signed(offset) }
            }
            writer.align(with: 1)
            return NALUnit(kind: kind, referenceIDC: 3, payload: writer.bytes + slice.data)
        }
        return CodedPicture(sample: NALUnit.sample(units), isKey: kind == .idr)
    }
}

extension BitWriter {
    /// frame_num, idr_pic_id and the picture's place in the order of output, as a slice header has them.
    ///
    /// - Parameter order: frames from the IDR picture; written where the sequence counts order by itself.
    mutating func numbers(_ sequence: SequenceParameters, frameNum: Int, order: Int, idr: Int? = nil) {
        bits(frameNum & ((1 << sequence.log2MaxFrameNum) - 1), sequence.log2MaxFrameNum)
        if let idr { unsigned(idr) }
        if sequence.pictureOrderCountType == 0 {
            // Two fields to a frame.
            let lowBits = (2 * order) & ((1 << sequence.log2MaxPictureOrderCountLsb) - 1)
            bits(lowBits, sequence.log2MaxPictureOrderCountLsb)
        }
    }
}
