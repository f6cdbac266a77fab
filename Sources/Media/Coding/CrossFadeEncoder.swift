// SPDX-License-Identifier: Apache-2.0

import Timebase

/// A cross-fade between two still pictures that the decoder computes: B pictures of a few bytes each.
///
/// H.264 predicts a macroblock of a B slice from one earlier and one later picture. With explicit weights
/// (`weighted_bipred_idc` 1, clause 8.4.2.3.2) the prediction is their weighted mean, which is a cross-fade: `(a * w0 +
/// b * w1 + 64) >> 7`. A B slice in which every macroblock is skipped (`B_Skip`, clause 7.4.5) uses that prediction
/// unchanged: in spatial direct mode without deviating neighbours, it refers to the first picture of each list with
/// zero motion vectors (clause 8.4.1.2.2) and has no residual.
///
/// The pictures form a group of their own, in decoding order: the leaving picture as an IDR picture, shown before the
/// fade; the entering picture as an intra picture, shown after it; then the pictures of the fade, which are not
/// references.
struct CrossFadeEncoder {
    private static let sequenceID = 0
    private static let intraSetID = 0
    /// Distinct from the set of the skip pictures.
    private static let blendSetID = 3
    /// log2_weight_denom; the weights of both pictures add up to 128.
    private static let precision = 6

    /// The sets of a film of stills and cross-fades. The film is one sequence, so that tools that copy it know from its
    /// start that pictures are reordered.
    let configuration: DecoderConfiguration
    /// The sets of the source stills.
    let source: DecoderConfiguration
    /// Repeats pictures.
    let skip: SkipPictures
    private var parameters: SequenceParameterSet { skip.parameters }

    /// - Parameter source: The sets of the stills to fade.
    init(_ source: DecoderConfiguration, _ format: VideoFormat) throws(MediaError) {
        guard let sequence = source.sequence.first, let picture = source.picture.first else {
            throw MediaError(.corruptMedia, "H.264 without parameter sets")
        }
        let own = Self.sequenceParameterSet(of: sequence, try SequenceParameterSet(sequence), format)
        skip = SkipPictures(parameters: try SequenceParameterSet(own))
        self.source = source
        var sets = DecoderConfiguration()
        sets.add(own)
        sets.add(try PictureParameterSet(picture).withID(Self.intraSetID, sequence: Self.sequenceID))
        sets.add(skip.pictureParameterSet)
        sets.add(PictureParameterSet.generated(id: Self.blendSetID, sequence: Self.sequenceID, explicitWeights: true))
        configuration = sets
    }

    /// A picture that starts a group.
    ///
    /// - Parameter number: idr_pic_id; consecutive groups must differ in it.
    func key(_ picture: IntraPicture, number: Int) -> CodedPicture {
        picture.idr(number: number, parameterSet: Self.intraSetID, parameters)
    }

    /// The entering picture, decoded before the fade and shown after it.
    ///
    /// - Parameter count: Frames of the fade.
    func entering(_ picture: IntraPicture, after count: Int) -> CodedPicture {
        picture.reference(frameNum: 1, order: count + 1, parameterSet: Self.intraSetID, parameters)
    }

    /// One picture of the fade.
    ///
    /// - Parameters:
    ///   - index: 0 for the first one.
    ///   - weight: Weight of the entering picture, 0 to 1.
    func blend(_ index: Int, weight: Double) -> CodedPicture {
        let unity = 2 << Self.precision
        let entering = min(max(Int((weight * Double(unity)).rounded()), 1), unity - 1)
        var writer = BitWriter()
        // slice_header, clause 7.3.3.
        writer.unsigned(0)  // first_mb_in_slice
        writer.unsigned(6)  // slice_type: B, like all slices of the picture
        writer.unsigned(Self.blendSetID)
        writer.frameNumbering(parameters, frameNum: 2, order: index + 1)
        writer.flag(true)  // direct_spatial_mv_pred_flag
        writer.flag(false)  // num_ref_idx_active_override_flag
        writer.bits(0, 2)  // ref_pic_list_modification_flag_l0, _l1
        // pred_weight_table, clause 7.3.3.2.
        writer.unsigned(Self.precision)  // luma_log2_weight_denom
        writer.unsigned(Self.precision)  // chroma_log2_weight_denom
        for weight in [unity - entering, entering] {
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

    /// seq_parameter_set_rbsp, clause 7.3.2.1.1: profile, level and size of the stills, with pictures that may be
    /// reordered.
    private static func sequenceParameterSet(
        of unit: NALUnit, _ source: SequenceParameterSet, _ format: VideoFormat
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
        writer.unsigned(0)  // left, as in MPEG-2
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
        return NALUnit(kind: .sequenceParameterSet, referenceIDC: 3, payload: writer.bytes)
    }
}
