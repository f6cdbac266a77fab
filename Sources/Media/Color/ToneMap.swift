// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Glibc

/// Converts HDR pictures to the standard range: highlights are compressed, colours outside BT.709 are clipped.
struct ToneMap: ~Copyable {
    /// Grid points per axis. Colours between them are interpolated.
    private static let side = 33
    /// Light in multiples of diffuse white: where compression starts, and what becomes the brightest white.
    private static let knee = 0.75
    private static let peak = 1000.0 / 203

    /// Red, green and blue, 0 to 255, of each grid point. Red varies fastest.
    private let table: [SIMD4<Float>]

    init(_ range: DynamicRange) {
        let side = Self.side
        let light = (0..<side).map { range.light(Double($0) / Double(side - 1)) }
        var table: [SIMD4<Float>] = []
        table.reserveCapacity(side * side * side)
        for blue in 0..<side {
            for green in 0..<side {
                for red in 0..<side { table.append(Self.map(light[red], light[green], light[blue])) }
            }
        }
        self.table = table
    }

    /// Converts BT.2020 light to BT.709 code values.
    private static func map(_ red: Double, _ green: Double, _ blue: Double) -> SIMD4<Float> {
        let brightest = max(red, green, blue)
        let scale = brightest > knee ? rollOff(brightest) / brightest : 1
        let (r, g, b) = (red * scale, green * scale, blue * scale)
        func code(_ light: Double) -> Float { Float(255 * pow(min(max(light, 0), 1), 1 / 2.4)) }
        return SIMD4(
            code(1.660491 * r - 0.587641 * g - 0.072850 * b), code(-0.124550 * r + 1.132900 * g - 0.008349 * b),
            code(-0.018151 * r - 0.100579 * g + 1.118730 * b), 0)
    }

    /// Above the knee, a curve that continues with the slope of the line and reaches 1 at the peak.
    private static func rollOff(_ light: Double) -> Double {
        let (room, reach) = (1 - knee, peak - knee)
        let x = min((light - knee) / reach, 1)
        let curve = reach / room
        return knee + room * (x * curve) / (1 + x * (curve - 1))
    }

    /// - Parameters:
    ///   - source: rgb48.
    ///   - target: rgb24 of the same size.
    func apply(_ source: borrowing Frame, into target: borrowing Frame) {
        guard let from = source.pointer.pointee.data.0, let to = target.pointer.pointee.data.0 else { return }
        table.withUnsafeBufferPointer { table in
            for y in 0..<source.height {
                let line = UnsafeRawPointer(from + y * Int(source.pointer.pointee.linesize.0))
                    .assumingMemoryBound(to: UInt16.self)
                let out = to + y * Int(target.pointer.pointee.linesize.0)
                for x in 0..<source.width {
                    let color = Self.interpolated(table, line[x * 3], line[x * 3 + 1], line[x * 3 + 2])
                    for channel in 0..<3 { out[x * 3 + channel] = UInt8(min(max(color[channel] + 0.5, 0), 255)) }
                }
            }
        }
    }

    private static func interpolated(
        _ table: UnsafeBufferPointer<SIMD4<Float>>, _ red: UInt16, _ green: UInt16, _ blue: UInt16
    ) -> SIMD4<Float> {
        func cell(_ value: UInt16) -> (index: Int, fraction: Float) {
            let position = Float(value) * Float(side - 1) / 65_535
            let index = min(Int(position), side - 2)
            return (index, position - Float(index))
        }
        let (r, g, b) = (cell(red), cell(green), cell(blue))
        let base = (b.index * side + g.index) * side + r.index
        func along(_ start: Int) -> SIMD4<Float> { table[start] + (table[start + 1] - table[start]) * r.fraction }
        let near = along(base) + (along(base + side) - along(base)) * g.fraction
        let far = base + side * side
        return near + (along(far) + (along(far + side) - along(far)) * g.fraction - near) * b.fraction
    }
}
