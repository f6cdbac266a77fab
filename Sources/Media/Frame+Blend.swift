import CFFmpeg

extension Frame {
    /// A picture between two: yuv420p, both of one size.
    ///
    /// - Parameter weight: 0 gives the first, 1 the second.
    static func blend(_ first: borrowing Frame, _ second: borrowing Frame, weight: Double) throws(MediaError) -> Frame {
        let result = try Frame(width: first.width, height: first.height)
        let share = UInt16((min(max(weight, 0), 1) * 256).rounded())
        let (from, to, target) = (first.pointer.pointee, second.pointer.pointee, result.pointer.pointee)
        for (a, aStride, b, bStride, out, outStride, shift) in [
            (from.data.0, from.linesize.0, to.data.0, to.linesize.0, target.data.0, target.linesize.0, 0),
            (from.data.1, from.linesize.1, to.data.1, to.linesize.1, target.data.1, target.linesize.1, 1),
            (from.data.2, from.linesize.2, to.data.2, to.linesize.2, target.data.2, target.linesize.2, 1),
        ] {
            guard let a, let b, let out else { continue }
            let width = first.width >> shift
            for row in 0..<(first.height >> shift) {
                blendRow(
                    a + row * Int(aStride), b + row * Int(bStride), into: out + row * Int(outStride), count: width,
                    share)
            }
        }
        return result
    }

    private static func blendRow(
        _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, into out: UnsafeMutablePointer<UInt8>, count: Int,
        _ share: UInt16
    ) {
        for x in 0..<count {
            out[x] = UInt8(truncatingIfNeeded: (UInt16(a[x]) &* (256 &- share) &+ UInt16(b[x]) &* share &+ 128) >> 8)
        }
    }
}
