// SPDX-License-Identifier: Apache-2.0

/// The parts of a picture parameter set needed to rewrite headers of intra slices (ITU-T H.264, clause 7.3.2.2).
struct PictureParameterSet: Equatable {
    let id: Int
    let hasDeblockingControl: Bool
    private let unit: NALUnit

    /// - Throws: `unsupported` for a set whose slices `IntraPicture` cannot split.
    init(_ unit: NALUnit) throws(MediaError) {
        guard unit.kind == .pictureParameterSet else {
            throw MediaError(.corruptMedia, "a picture parameter set is missing")
        }
        self.unit = unit
        var reader = BitReader(unit.payload)
        id = reader.unsigned()
        _ = reader.unsigned()  // seq_parameter_set_id
        let usesArithmeticCoding = reader.flag()
        let hasFieldOrder = reader.flag()
        let sliceGroups = reader.unsigned() + 1
        _ = (reader.unsigned(), reader.unsigned())  // num_ref_idx_l0/l1_default_active_minus1
        _ = (reader.flag(), reader.bits(2))  // weighted_pred_flag, weighted_bipred_idc
        _ = (reader.signed(), reader.signed(), reader.signed())  // quantisers
        hasDeblockingControl = reader.flag()
        _ = reader.flag()  // constrained_intra_pred_flag
        let hasRedundantPictures = reader.flag()
        guard !reader.isExhausted, usesArithmeticCoding, !hasFieldOrder, sliceGroups == 1, !hasRedundantPictures else {
            throw MediaError(.unsupported, "an unsupported picture parameter set")
        }
    }

    /// The same set with another id, for another sequence parameter set. Slices that refer to it decode identically.
    func withID(_ id: Int, sequence: Int) -> NALUnit {
        let payload = unit.payload
        var reader = BitReader(payload)
        _ = (reader.unsigned(), reader.unsigned())
        var writer = BitWriter()
        writer.unsigned(id)
        writer.unsigned(sequence)
        // rbsp_trailing_bits are a 1 and then 0s: the set ends before the last 1.
        let last = payload[payload.count - 1]
        let end = payload.count * 8 - last.trailingZeroBitCount - 1
        while reader.position < end { writer.bits(reader.bits(1), 1) }
        writer.trailing()
        return NALUnit(kind: .pictureParameterSet, referenceIDC: 3, payload: writer.bytes)
    }

    /// pic_parameter_set_rbsp of generated pictures: CAVLC, in which a skip run is a single number; one slice group,
    /// one reference in each list, deblocking control present.
    static func generated(id: Int, sequence: Int, explicitWeights: Bool = false) -> NALUnit {
        var writer = BitWriter()
        writer.unsigned(id)
        writer.unsigned(sequence)
        writer.flag(false)  // entropy_coding_mode_flag: CAVLC
        writer.flag(false)  // bottom_field_pic_order_in_frame_present_flag
        writer.unsigned(0)  // num_slice_groups_minus1
        writer.unsigned(0)  // num_ref_idx_l0_default_active_minus1
        writer.unsigned(0)  // num_ref_idx_l1_default_active_minus1
        writer.flag(false)  // weighted_pred_flag
        writer.bits(explicitWeights ? 1 : 0, 2)  // weighted_bipred_idc
        writer.signed(0)  // pic_init_qp_minus26
        writer.signed(0)  // pic_init_qs_minus26
        writer.signed(0)  // chroma_qp_index_offset
        writer.flag(true)  // deblocking_filter_control_present_flag
        writer.flag(false)  // constrained_intra_pred_flag
        writer.flag(false)  // redundant_pic_cnt_present_flag
        writer.trailing()
        return NALUnit(kind: .pictureParameterSet, referenceIDC: 3, payload: writer.bytes)
    }
}
