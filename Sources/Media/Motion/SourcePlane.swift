// SPDX-License-Identifier: Apache-2.0

/// One plane of a still, prepared for resampling: samples row-major, 0 to 255 in steps of 1/128.
///
/// All arithmetic is in 16 bits, eight samples at a time: samples are scaled by 2^7, weights by 2^14 or 2^15, so that a
/// sum of products is precise to a hundredth of a level.
struct SourcePlane: ~Copyable {
    let width: Int
    let height: Int
    /// Samples from one row to the next. Rows end in a margin, so that a row of taps may read past the last sample.
    private let stride: Int
    private let samples: UnsafeMutablePointer<Int16>
    private let row: UnsafeMutablePointer<Int16>
    private static let margin = 32
    private static let sampleBits: Int16 = 7

    /// - Parameters:
    ///   - bytes: First sample of the plane.
    ///   - width: Samples per row.
    ///   - height: Number of rows.
    ///   - lineSize: Bytes from one row to the next.
    init(_ bytes: UnsafePointer<UInt8>, width: Int, height: Int, lineSize: Int) {
        self.width = width
        self.height = height
        stride = (width + Self.margin + 31) / 32 * 32
        samples = .allocate(capacity: stride * height)
        row = .allocate(capacity: stride)
        samples.initialize(repeating: 0, count: stride * height)
        row.initialize(repeating: 0, count: stride)
        for y in 0..<height {
            let (from, to) = (bytes + y * lineSize, samples + y * stride)
            for x in 0..<width { to[x] = Int16(from[x]) << Self.sampleBits }
        }
    }

    deinit {
        samples.deallocate()
        row.deallocate()
    }

    /// Resamples a part of the plane: vertically first, one output row at a time, then horizontally along that row
    /// while it is in the processor's nearest cache.
    ///
    /// - Parameters:
    ///   - across: Horizontal taps, with a `count` that is a multiple of 8.
    ///   - down: Vertical taps.
    ///   - target: First sample of the output plane.
    ///   - lineSize: Bytes from one output row to the next.
    func resample(
        across: borrowing ResamplingTaps, down: borrowing ResamplingTaps, into target: UnsafeMutablePointer<UInt8>,
        lineSize: Int
    ) {
        let outputs = across.first.count
        let begin = across.first[0] / 32 * 32
        let end = min((across.first[outputs - 1] + across.count + 31) / 32 * 32, stride)
        across.first.withUnsafeBufferPointer { first in
            across.weights.withUnsafeBufferPointer { weights in
                down.weights.withUnsafeBufferPointer { rowWeights in
                    for y in down.first.indices {
                        filterRows(
                            from: down.first[y], rowWeights.baseAddress! + y * down.count, count: down.count,
                            columns: begin..<end)
                        filterColumns(
                            first.baseAddress!, weights.baseAddress!, count: across.count, outputs: outputs,
                            into: target + y * lineSize)
                    }
                }
            }
        }
    }

    /// The weighted sum of rows, 32 columns at a time.
    private func filterRows(from first: Int, _ weights: UnsafePointer<Int16>, count: Int, columns: Range<Int>) {
        let out = UnsafeMutableRawPointer(row)
        // Each product loses half of its last step on average.
        let lost = SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: count) / 2)
        var x = columns.lowerBound
        while x < columns.upperBound {
            var (a, b, c, d) = (lost, lost, lost, lost)
            for tap in 0..<count {
                let line = samples + min(first &+ tap, height &- 1) &* stride
                let source = UnsafeRawPointer(line + x)
                let weight = SIMD8<Int32>(repeating: Int32(weights[tap]))
                a &+= Self.product(source, 0, weight)
                b &+= Self.product(source, 16, weight)
                c &+= Self.product(source, 32, weight)
                d &+= Self.product(source, 48, weight)
            }
            out.storeBytes(of: a, toByteOffset: x &* 2, as: SIMD8<Int16>.self)
            out.storeBytes(of: b, toByteOffset: x &* 2 &+ 16, as: SIMD8<Int16>.self)
            out.storeBytes(of: c, toByteOffset: x &* 2 &+ 32, as: SIMD8<Int16>.self)
            out.storeBytes(of: d, toByteOffset: x &* 2 &+ 48, as: SIMD8<Int16>.self)
            x &+= 32
        }
    }

    /// The high halves of eight products.
    @inline(__always)
    private static func product(
        _ source: UnsafeRawPointer, _ offset: Int, _ weight: SIMD8<Int32>
    ) -> SIMD8<Int16> {
        let eight = source.loadUnaligned(fromByteOffset: offset, as: SIMD8<Int16>.self)
        return SIMD8<Int16>(truncatingIfNeeded: (SIMD8<Int32>(truncatingIfNeeded: eight) &* weight) &>> 16)
    }

    /// Makes each output sample from `count` neighbours in the row, rounded and clamped to a byte; four at a time.
    private func filterColumns(
        _ first: UnsafePointer<Int>, _ weights: UnsafePointer<Int16>, count: Int, outputs: Int,
        into target: UnsafeMutablePointer<UInt8>
    ) {
        let half = SIMD4<Int32>(repeating: 1 << 18)
        let white = SIMD4<Int32>(repeating: 255)
        var x = 0
        while x &+ 4 <= outputs {
            let a = sums(first[x], weights + x &* count, count)
            let b = sums(first[x &+ 1], weights + (x &+ 1) &* count, count)
            let c = sums(first[x &+ 2], weights + (x &+ 2) &* count, count)
            let d = sums(first[x &+ 3], weights + (x &+ 3) &* count, count)
            let pairs = SIMD8<Int32>(
                lowHalf: SIMD4(lowHalf: a.lowHalf &+ a.highHalf, highHalf: b.lowHalf &+ b.highHalf),
                highHalf: SIMD4(lowHalf: c.lowHalf &+ c.highHalf, highHalf: d.lowHalf &+ d.highHalf))
            let values = (pairs.evenHalf &+ pairs.oddHalf &+ half) &>> 19
            let clamped = values.clamped(lowerBound: .zero, upperBound: white)
            UnsafeMutableRawPointer(target + x).storeBytes(
                of: SIMD4<UInt8>(truncatingIfNeeded: clamped), as: SIMD4<UInt8>.self)
            x &+= 4
        }
        while x < outputs {
            let value = (sums(first[x], weights + x &* count, count).wrappedSum() &+ half.x) >> 19
            target[x] = UInt8(truncatingIfNeeded: min(max(value, 0), 255))
            x &+= 1
        }
    }

    /// The weighted sum of `count` neighbours, in four parts.
    @inline(__always)
    private func sums(_ first: Int, _ weights: UnsafePointer<Int16>, _ count: Int) -> SIMD4<Int32> {
        let source = UnsafeRawPointer(row + first)
        let factors = UnsafeRawPointer(weights)
        var sum = SIMD4<Int32>.zero
        var tap = 0
        repeat {
            let samples = source.loadUnaligned(fromByteOffset: tap &* 2, as: SIMD8<Int16>.self)
            let shares = factors.loadUnaligned(fromByteOffset: tap &* 2, as: SIMD8<Int16>.self)
            let products = SIMD8<Int32>(truncatingIfNeeded: samples) &* SIMD8<Int32>(truncatingIfNeeded: shares)
            sum &+= products.evenHalf &+ products.oddHalf
            tap &+= 8
        } while tap < count
        return sum
    }
}
