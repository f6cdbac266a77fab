// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import CZimg
import Glibc

/// Owns a conversion of pictures of one size from other primaries and transfers to BT.709.
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

    /// - Parameter source: yuv444p16 with BT.709's matrix, limited range.
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
