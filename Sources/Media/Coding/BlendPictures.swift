import Timebase

/// A cross-fade between two pictures that stand still, made by the decoder: B pictures of a few bytes each.
///
/// H.264 predicts a macroblock of a B slice from one picture before it and one after it, and with explicit weights
/// (`weighted_bipred_idc` 1, clause 8.4.2.3.2) the prediction is their weighted mean, which is what a cross-fade is:
/// `(a * w0 + b * w1 + 64) >> 7`. A B slice in which every macroblock is skipped (`B_Skip`, clause 7.4.5) takes that
/// prediction as it is: in spatial direct mode, without neighbours that say otherwise, it refers to the first picture of each
/// list with motion vectors of zero (clause 8.4.1.2.2), and adds no residual.
///
/// The pictures form a group of their own, in the order of decoding: the leaving picture as IDR picture, shown before the
/// fade; the entering picture as intra picture, shown after it; then the pictures of the fade, to which nothing refers.
struct BlendPictures {
    private static let sequenceID = 0
    private static let intraSetID = 0
    /// Clear of the skip pictures' set.
    private static let blendSetID = 3
    /// log2_weight_denom: weights of both pictures add up to 128.
    private static let precision = 6

    /// The sets of a film that is made of stills and their fades. It is one sequence, so that whoever copies the film knows from
    /// its beginning that pictures may be decoded before their time is come.
    let configuration: DecoderConfiguration
    /// The sets of the stills as they come.
    let source: DecoderConfiguration
    /// Repeats pictures.
    let skip: SkipPictures
    private var parameters: SequenceParameters { skip.parameters }

    /// - Parameter source: the sets of the stills that fade into each other.
    init(_ source: DecoderConfiguration, _ format: VideoFormat) throws(MediaError) {
        guard let sequence = source.sequence.first, let picture = source.picture.first else {
            throw MediaError(.corruptMedia, "H.264 without parameter sets")
        }
        let own = Self.sequenceParameters(of: sequence, try SequenceParameters(sequence), format)
        skip = SkipPictures(parameters: try SequenceParameters(own))
        self.source = source
        var sets = DecoderConfiguration()
        sets.add(own)
        sets.add(try PictureParameters(picture).moved(to: Self.intraSetID, sequence: Self.sequenceID))
        sets.add(skip.pictureParameters)
        sets.add(PictureParameters.plain(id: Self.blendSetID, sequence: Self.sequenceID, explicitWeights: true))
        configuration = sets
    }

    /// A picture with which a group begins.
    ///
    /// - Parameter number: two groups that follow each other must differ in it.
    func key(_ picture: IntraPicture, number: Int) -> CodedPicture {
        picture.idr(number: number, parameterSet: Self.intraSetID, parameters)
    }

    /// The picture that enters, decoded before the fade and shown after it.
    ///
    /// - Parameter count: frames of the fade.
    func entering(_ picture: IntraPicture, after count: Int) -> CodedPicture {
        picture.reference(frameNum: 1, order: count + 1, parameterSet: Self.intraSetID, parameters)
    }

    /// A picture of the fade.
    ///
    /// - Parameters:
    ///   - index: 0 for the first one.
    ///   - weight: how much of the entering picture is seen, 0 to 1.
    func blend(_ index: Int, weight: Double) -> CodedPicture {
        let whole = 2 << Self.precision
        let entering = min(max(Int((weight * Double(whole)).rounded()), 1), whole - 1)
        var writer = BitWriter()
        // slice_header, clause 7.3.3.
        writer.unsigned(0)  // first_mb_in_slice
        writer.unsigned(6)  // slice_type: B, and so are all slices of the picture
        writer.unsigned(Self.blendSetID)
        writer.numbers(parameters, frameNum: 2, order: index + 1)
        writer.flag(true)  // direct_spatial_mv_pred_flag
        writer.flag(false)  // num_ref_idx_active_override_flag
        writer.bits(0, 2)  // ref_pic_list_modification_flag_l0, _l1
        // pred_weight_table, clause 7.3.3.2.
        writer.unsigned(Self.precision)  // luma_log2_weight_denom
        writer.unsigned(Self.precision)  // chroma_log2_weight_denom
        for weight in [whole - entering, entering] {
            for planes in [1, 2] {
                writer.flag(true)
                for _ in 0..<planes {
                    writer.signed(weight)
                    writer.signed(0)  // offset
                }
            }
        }
        writer.signed(0)  // slice_qp_delta
        writer.unsigned(1)  // disable_deblocking_filter_idc: off
        // slice_data, clause 7.3.4: one run of skipped macroblocks, the whole picture.
        writer.unsigned(parameters.widthInMacroblocks * parameters.heightInMacroblocks)
        writer.trailing()
        let unit = NALUnit(kind: .slice, referenceIDC: 0, payload: writer.bytes)
        return CodedPicture(sample: NALUnit.sample([unit]), isKey: false)
    }

    /// seq_parameter_set_rbsp, clause 7.3.2.1.1: the stills' own profile, level and size, with pictures that may be decoded
    /// before their time is come.
    private static func sequenceParameters(
        of unit: NALUnit, _ source: SequenceParameters, _ format: VideoFormat
    ) -> NALUnit {
        var writer = BitWriter()
        for byte in unit.payload.prefix(3) { writer.bits(Int(byte), 8) }  // profile, constraints, level
        writer.unsigned(sequenceID)
        writer.unsigned(1)  // chroma_format_idc: 4:2:0
        writer.unsigned(0)  // bit_depth_luma_minus8
        writer.unsigned(0)  // bit_depth_chroma_minus8
        writer.flag(false)  // qpprime_y_zero_transform_bypass_flag
        writer.flag(false)  // seq_scaling_matrix_present_flag
        writer.unsigned(0)  // log2_max_frame_num_minus4
        writer.unsigned(0)  // pic_order_cnt_type
        writer.unsigned(8)  // log2_max_pic_order_cnt_lsb_minus4: fades of up to 1023 frames
        writer.unsigned(2)  // max_num_ref_frames: the two pictures of a fade
        writer.flag(false)  // gaps_in_frame_num_value_allowed_flag
        writer.unsigned(source.widthInMacroblocks - 1)
        writer.unsigned(source.heightInMacroblocks - 1)
        writer.flag(true)  // frame_mbs_only_flag
        writer.flag(true)  // direct_8x8_inference_flag
        writer.flag(true)  // frame_cropping_flag
        writer.unsigned(0)
        writer.unsigned((source.widthInMacroblocks * 16 - format.width) / 2)
        writer.unsigned(0)
        writer.unsigned((source.heightInMacroblocks * 16 - format.height) / 2)
        writer.flag(true)  // vui_parameters_present_flag, Annex E.1.1
        writer.flag(true)  // aspect_ratio_info_present_flag
        writer.bits(1, 8)  // aspect_ratio_idc: 1:1
        writer.flag(false)  // overscan_info_present_flag
        writer.flag(true)  // video_signal_type_present_flag
        writer.bits(5, 3)  // video_format: unspecified
        writer.flag(false)  // video_full_range_flag
        writer.flag(true)  // colour_description_present_flag
        for _ in 0..<3 { writer.bits(1, 8) }  // BT.709: primaries, transfer, matrix
        writer.flag(true)  // chroma_loc_info_present_flag
        writer.unsigned(0)  // left, as MPEG-2 has it
        writer.unsigned(0)
        writer.flag(true)  // timing_info_present_flag
        writer.bits(format.rate.denominator, 32)  // num_units_in_tick
        writer.bits(format.rate.numerator * 2, 32)  // time_scale: fields
        writer.flag(true)  // fixed_frame_rate_flag
        writer.bits(0, 3)  // no NAL and VCL HRD parameters, no pic_struct
        writer.flag(true)  // bitstream_restriction_flag
        writer.flag(true)  // motion_vectors_over_pic_boundaries_flag
        writer.unsigned(0)  // max_bytes_per_pic_denom
        writer.unsigned(0)  // max_bits_per_mb_denom
        writer.unsigned(0)  // log2_max_mv_length_horizontal
        writer.unsigned(0)  // log2_max_mv_length_vertical
        writer.unsigned(1)  // max_num_reorder_frames
        writer.unsigned(2)  // max_dec_frame_buffering
        writer.trailing()
        return NALUnit(kind: .sequenceParameters, referenceIDC: 3, payload: writer.bytes)
    }
}
