// SPDX-License-Identifier: Apache-2.0

/// P pictures of a few bytes each that repeat the picture before them.
///
/// A still needs no encoder after its first frame: a P slice in which every macroblock is skipped (`P_Skip`, clause
/// 7.4.5) predicts each macroblock from the reference picture with a zero motion vector, since the prediction of clause
/// 8.4.1.1 is zero without moving neighbours, and has no residual. With the deblocking filter off, the decoded picture
/// equals the reference picture bit for bit.
struct SkipPictures {
    /// The id of these slices' picture parameter set. Distinct from the encoder's own sets, which are 0 for stills and
    /// 1 for re-encoded pictures.
    static let parameterSetID = 2

    let parameters: SequenceParameterSet

    /// The set that the slices refer to.
    var pictureParameterSet: NALUnit { PictureParameterSet.generated(id: Self.parameterSetID, sequence: parameters.id) }

    /// The P picture at a distance from its IDR picture.
    ///
    /// - Parameter distance: 1 for the first picture after the IDR picture.
    func picture(distance: Int) -> CodedPicture {
        var writer = BitWriter()
        // slice_header, clause 7.3.3.
        writer.unsigned(0)  // first_mb_in_slice
        writer.unsigned(5)  // slice_type: P, like all slices of the picture
        writer.unsigned(Self.parameterSetID)
        writer.frameNumbering(parameters, frameNum: distance, order: distance)
        writer.flag(false)  // num_ref_idx_active_override_flag
        writer.flag(false)  // ref_pic_list_modification_flag_l0
        writer.flag(false)  // adaptive_ref_pic_marking_mode_flag: the sliding window drops the oldest reference
        writer.signed(0)  // slice_qp_delta
        writer.unsigned(1)  // disable_deblocking_filter_idc: off
        // slice_data, clause 7.3.4: one run of skipped macroblocks, the whole picture.
        writer.unsigned(parameters.widthInMacroblocks * parameters.heightInMacroblocks)
        writer.trailing()
        let unit = NALUnit(kind: .slice, referenceIDC: 2, payload: writer.bytes)
        return CodedPicture(sample: NALUnit.sample([unit]), isKey: false)
    }
}
