/// P pictures that repeat the picture before them, made by hand, a few bytes each.
///
/// A still needs no encoder for its second and later frames: a P slice in which every macroblock is skipped
/// (`P_Skip`, clause 7.4.5) predicts each macroblock from the reference picture with a motion vector of zero, since without
/// neighbours that move the prediction of clause 8.4.1.1 is zero, and adds no residual. With the deblocking filter off the
/// decoded picture is the reference picture, bit for bit.
struct SkipPictures {
    /// The picture parameter set that these slices use. Its id is kept clear of the encoder's own sets, which are 0 for stills
    /// and 1 for what is encoded anew.
    static let parameterSetID = 2

    let parameters: SequenceParameters

    /// pic_parameter_set_rbsp, clause 7.3.2.2: CAVLC, one slice group, one reference, deblocking control present.
    var pictureParameters: NALUnit {
        var writer = BitWriter()
        writer.unsigned(Self.parameterSetID)
        writer.unsigned(parameters.id)
        writer.flag(false)  // entropy_coding_mode_flag: CAVLC, whose skip run is one number
        writer.flag(false)  // bottom_field_pic_order_in_frame_present_flag
        writer.unsigned(0)  // num_slice_groups_minus1
        writer.unsigned(0)  // num_ref_idx_l0_default_active_minus1
        writer.unsigned(0)  // num_ref_idx_l1_default_active_minus1
        writer.flag(false)  // weighted_pred_flag
        writer.bits(0, 2)  // weighted_bipred_idc
        writer.signed(0)  // pic_init_qp_minus26
        writer.signed(0)  // pic_init_qs_minus26
        writer.signed(0)  // chroma_qp_index_offset
        writer.flag(true)  // deblocking_filter_control_present_flag
        writer.flag(false)  // constrained_intra_pred_flag
        writer.flag(false)  // redundant_pic_cnt_present_flag
        writer.trailing()
        return NALUnit(kind: .pictureParameters, referenceIDC: 3, payload: writer.bytes)
    }

    /// The P picture that stands so many pictures after its IDR picture.
    ///
    /// - Parameter distance: 1 for the first picture after the IDR picture.
    func picture(distance: Int) -> NALUnit {
        var writer = BitWriter()
        // slice_header, clause 7.3.3.
        writer.unsigned(0)  // first_mb_in_slice
        writer.unsigned(5)  // slice_type: P, and so are all slices of the picture
        writer.unsigned(Self.parameterSetID)
        let frameNum = distance & ((1 << parameters.log2MaxFrameNum) - 1)
        writer.bits(frameNum, parameters.log2MaxFrameNum)
        if parameters.pictureOrderCountType == 0 {
            let order = (2 * distance) & ((1 << parameters.log2MaxPictureOrderCountLsb) - 1)
            writer.bits(order, parameters.log2MaxPictureOrderCountLsb)
        }
        writer.flag(false)  // num_ref_idx_active_override_flag
        writer.flag(false)  // ref_pic_list_modification_flag_l0
        writer.flag(false)  // adaptive_ref_pic_marking_mode_flag: the sliding window drops the oldest reference
        writer.signed(0)  // slice_qp_delta
        writer.unsigned(1)  // disable_deblocking_filter_idc: off
        // slice_data, clause 7.3.4: one run of skipped macroblocks, the whole picture.
        writer.unsigned(parameters.widthInMacroblocks * parameters.heightInMacroblocks)
        writer.trailing()
        return NALUnit(kind: .slice, referenceIDC: 2, payload: writer.bytes)
    }
}
