import CFFmpeg
import CZimg
import Glibc

/// The primaries and the transfer of standard-range video whose colours would look wrong on BT.709 screens.
struct VideoColors: Equatable {
    /// As ITU-T H.273 numbers them.
    let primaries: Int32
    let transfer: Int32

    /// `nil` where nothing needs conversion: BT.709, untagged and HDR video, which the tone map converts.
    ///
    /// The transfers of BT.709, BT.601, BT.2020 and sRGB are shown alike, as players do. So are the primaries of 525 lines (SMPTE 170M
    /// and 240M): encoders write that tag for the size alone, and Chromium, which converts all the others that are listed here, shows
    /// (200, 30, 30) of such a clip as (200, 30, 30), not as the (195, 45, 28) that it would be by the letter. mpv does likewise.
    init?(_ primaries: AVColorPrimaries, _ transfer: AVColorTransferCharacteristic) {
        guard DynamicRange(transfer: transfer) == .standard else { return nil }
        let others = [
            AVCOL_PRI_BT470M, AVCOL_PRI_BT470BG, AVCOL_PRI_FILM, AVCOL_PRI_BT2020, AVCOL_PRI_SMPTE431,
            AVCOL_PRI_SMPTE432,
        ]
        let curves = [AVCOL_TRC_GAMMA22, AVCOL_TRC_GAMMA28, AVCOL_TRC_LINEAR]
        guard others.contains(primaries) || curves.contains(transfer) else { return nil }
        self.primaries = Int32(others.contains(primaries) ? primaries.rawValue : AVCOL_PRI_BT709.rawValue)
        self.transfer = Int32(curves.contains(transfer) ? transfer.rawValue : AVCOL_TRC_BT709.rawValue)
    }

    init?(_ picture: borrowing Frame) {
        self.init(picture.pointer.pointee.color_primaries, picture.pointer.pointee.color_trc)
    }

    init?(_ parameters: AVCodecParameters) {
        self.init(parameters.color_primaries, parameters.color_trc)
    }

    /// What a report calls them.
    var name: String {
        let primaries = av_color_primaries_name(AVColorPrimaries(rawValue: UInt32(primaries)))
        let transfer = av_color_transfer_name(AVColorTransferCharacteristic(rawValue: UInt32(transfer)))
        return [primaries, transfer].map { $0.map { String(cString: $0) } ?? "unknown" }.joined(separator: "/")
    }
}

/// Owns a conversion of pictures of one size from other primaries and transfer to BT.709.
struct PrimariesConversion: ~Copyable {
    let colors: VideoColors
    private let graph: OpaquePointer
    private let memory: UnsafeMutableRawPointer
    private let size: (width: Int, height: Int)
    private let name: String

    init(_ colors: VideoColors, width: Int, height: Int, name: String) throws(MediaError) {
        guard
            let graph = us_make_primaries_conversion(UInt32(width), UInt32(height), colors.primaries, colors.transfer)
        else { throw MediaError(.unsupported, "\(name): its colours (\(colors.name)) cannot be converted") }
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, max(us_conversion_memory(graph), 64)) == 0, let memory else {
            zimg_filter_graph_free(graph)
            throw MediaError(.internal, "out of memory")
        }
        self.colors = colors
        self.graph = graph
        self.memory = memory
        self.name = name
        size = (width, height)
    }

    deinit {
        zimg_filter_graph_free(graph)
        free(memory)
    }

    func fits(_ colors: VideoColors, width: Int, height: Int) -> Bool {
        self.colors == colors && size == (width, height)
    }

    /// - Parameter source: yuv444p16 of BT.709's matrix, limited range.
    /// - Returns: yuv420p of the same size.
    func convert(_ source: borrowing Frame) throws(MediaError) -> Frame {
        let target = try Frame(width: size.width, height: size.height)
        let code = us_convert_primaries(
            graph, &source.pointer.pointee.data.0, &source.pointer.pointee.linesize.0, &target.pointer.pointee.data.0,
            &target.pointer.pointee.linesize.0, memory)
        guard code == 0 else { throw MediaError(.internal, "\(name): its colours cannot be converted") }
        return target
    }
}
