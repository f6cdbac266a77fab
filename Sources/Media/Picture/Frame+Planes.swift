// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Operations on the planes of yuv420p pictures.
extension Frame {
    /// One plane: samples, row-major.
    private struct Plane {
        let base: UnsafeMutablePointer<UInt8>
        /// Samples from one row to the next.
        let stride: Int
        let width: Int
        let height: Int
    }

    private var planes: [Plane] {
        let picture = pointer.pointee
        return [
            (picture.data.0, picture.linesize.0, 0), (picture.data.1, picture.linesize.1, 1),
            (picture.data.2, picture.linesize.2, 1),
        ].compactMap { base, stride, shift in
            base.map { Plane(base: $0, stride: Int(stride), width: width >> shift, height: height >> shift) }
        }
    }

    func fillBlack() {
        for (index, plane) in planes.enumerated() {
            plane.base.update(repeating: index == 0 ? 16 : 128, count: plane.stride * plane.height)
        }
    }

    /// Copies a smaller picture into this one at an even position.
    func paste(_ inner: borrowing Frame, x: Int, y: Int) {
        for (index, (to, from)) in zip(planes, inner.planes).enumerated() {
            let shift = index == 0 ? 0 : 1
            for row in 0..<from.height {
                (to.base + (row + y >> shift) * to.stride + x >> shift)
                    .update(from: from.base + row * from.stride, count: from.width)
            }
        }
    }

    /// The picture rotated and mirrored. An upright picture is not copied.
    func oriented(_ orientation: Orientation) throws(MediaError) -> Frame {
        guard orientation != .upright else { return try reference() }
        let swaps = orientation.quarterTurns % 2 == 1
        let result = try Frame(width: swaps ? height : width, height: swaps ? width : height)
        for (from, to) in zip(planes, result.planes) {
            let (lastX, lastY) = (from.width - 1, from.height - 1)
            for y in 0..<to.height {
                let line = to.base + y * to.stride
                for x in 0..<to.width {
                    let column = orientation.isMirrored ? to.width - 1 - x : x
                    let (sourceX, sourceY) =
                        switch orientation.quarterTurns {
                        case 1: (y, lastY - column)
                        case 2: (lastX - column, lastY - y)
                        case 3: (lastX - y, column)
                        default: (column, y)
                        }
                    line[x] = from.base[sourceY * from.stride + sourceX]
                }
            }
        }
        return result
    }

    /// The weighted mean of two pictures of one size.
    ///
    /// - Parameter weight: 0 gives the first, 1 the second.
    static func blend(_ first: borrowing Frame, _ second: borrowing Frame, weight: Double) throws(MediaError) -> Frame {
        let result = try Frame(width: first.width, height: first.height)
        let fraction = UInt16((min(max(weight, 0), 1) * 256).rounded())
        for (out, pair) in zip(result.planes, zip(first.planes, second.planes)) {
            for row in 0..<out.height {
                blendRow(
                    pair.0.base + row * pair.0.stride, pair.1.base + row * pair.1.stride,
                    into: out.base + row * out.stride, count: out.width, fraction)
            }
        }
        return result
    }

    private static func blendRow(
        _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, into out: UnsafeMutablePointer<UInt8>, count: Int,
        _ fraction: UInt16
    ) {
        for x in 0..<count {
            out[x] = UInt8(
                truncatingIfNeeded: (UInt16(a[x]) &* (256 &- fraction) &+ UInt16(b[x]) &* fraction &+ 128) >> 8)
        }
    }
}
