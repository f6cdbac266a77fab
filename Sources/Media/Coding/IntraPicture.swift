// SPDX-License-Identifier: Apache-2.0

/// An IDR picture split into slice headers and coded macroblocks, so that slice headers can be rewritten.
///
/// The fields of a slice header on numbering and order are not part of its arithmetic-coded data, which starts at a
/// byte boundary (`cabac_alignment_one_bit`, clause 7.3.4). A coded picture can therefore become another IDR picture,
/// or an intra picture within a group, without re-encoding, and decodes to the same samples.
struct IntraPicture: Equatable {
    private struct Slice: Equatable {
        var firstMacroblock: Int
        var quantiserDelta: Int
        /// disable_deblocking_filter_idc and its two offsets, if the picture parameter set lets slices state them.
        var deblocking: [Int]
        var data: ArraySlice<UInt8>
    }

    private let slices: [Slice]

    /// - Parameters:
    ///   - sample: An IDR picture as stored in an MP4 track.
    ///   - configuration: Parameter sets; the picture refers to the first of each kind.
    /// - Throws: `unsupported` for other kinds of pictures.
    init(sample: [UInt8], _ configuration: DecoderConfiguration) throws(MediaError) {
        guard let sequence = configuration.sequence.first, let picture = configuration.picture.first else {
            throw MediaError(.corruptMedia, "H.264 without parameter sets")
        }
        let (sequenceSet, pictureSet) = (try SequenceParameterSet(sequence), try PictureParameterSet(picture))
        var slices: [Slice] = []
        for unit in NALUnit.split(sample: sample) { slices.append(try Self.slice(unit, sequenceSet, pictureSet)) }
        guard !slices.isEmpty else { throw MediaError(.corruptMedia, "a picture without slices") }
        self.slices = slices
    }

    /// Parses slice_header (clause 7.3.3) of a slice of an IDR picture.
    private static func slice(
        _ unit: NALUnit, _ sequence: SequenceParameterSet, _ picture: PictureParameterSet
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
            throw MediaError(.unsupported, "an IDR picture with an unsupported slice header")
        }
        return Slice(
            firstMacroblock: first, quantiserDelta: quantiser, deblocking: deblocking,
            data: payload[min((reader.position + 7) / 8, payload.count)...])
    }

    /// The picture as an IDR picture.
    ///
    /// - Parameter number: idr_pic_id; consecutive IDR pictures must differ in it.
    func idr(number: Int, parameterSet: Int, _ sequence: SequenceParameterSet) -> CodedPicture {
        coded(.idr, parameterSet, sequence, frameNum: 0, order: 0, idr: number)
    }

    /// The picture as an intra picture within a group, which other pictures may refer to.
    ///
    /// - Parameters:
    ///   - frameNum: Number of reference pictures before it in the group.
    ///   - order: Frames from the first picture of the group to this one, in display order.
    func reference(frameNum: Int, order: Int, parameterSet: Int, _ sequence: SequenceParameterSet) -> CodedPicture {
        coded(.slice, parameterSet, sequence, frameNum: frameNum, order: order, idr: nil)
    }

    private func coded(
        _ kind: NALUnit.Kind, _ parameterSet: Int, _ sequence: SequenceParameterSet, frameNum: Int, order: Int,
        idr: Int?
    ) -> CodedPicture {
        let units = slices.map { slice in
            var writer = BitWriter()
            writer.unsigned(slice.firstMacroblock)
            writer.unsigned(7)  // slice_type: I, like all slices of the picture
            writer.unsigned(parameterSet)
            writer.frameNumbering(sequence, frameNum: frameNum, order: order, idr: idr)
            // dec_ref_pic_marking: two flags for an IDR picture, one for others, which use the sliding window.
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
    /// Writes frame_num, idr_pic_id and the picture order count, as in a slice header.
    ///
    /// - Parameter order: Frames from the IDR picture in display order; written if the sequence codes the order
    ///   explicitly.
    mutating func frameNumbering(_ sequence: SequenceParameterSet, frameNum: Int, order: Int, idr: Int? = nil) {
        bits(frameNum & ((1 << sequence.log2MaxFrameNum) - 1), sequence.log2MaxFrameNum)
        if let idr { unsigned(idr) }
        if sequence.pictureOrderCountType == 0 {
            // Two fields per frame.
            let lowBits = (2 * order) & ((1 << sequence.log2MaxPictureOrderCountLsb) - 1)
            bits(lowBits, sequence.log2MaxPictureOrderCountLsb)
        }
    }
}
