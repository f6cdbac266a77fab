import CFFmpeg
import Glibc

/// How code values stand for light.
package enum DynamicRange: String, Sendable {
    case standard
    /// SMPTE ST 2084.
    case perceptualQuantiser = "PQ"
    /// ARIB STD-B67.
    case hybridLogGamma = "HLG"

    init(transfer: AVColorTransferCharacteristic) {
        switch transfer {
        case AVCOL_TRC_SMPTE2084: self = .perceptualQuantiser
        case AVCOL_TRC_ARIB_STD_B67: self = .hybridLogGamma
        default: self = .standard
        }
    }

    /// Linear light of a code value of 0 to 1, 1 being diffuse white (203 cd/m², ITU-R BT.2408).
    func light(_ value: Double) -> Double {
        switch self {
        case .standard: return pow(value, 2.4)
        case .perceptualQuantiser:
            let power = pow(value, 1 / 78.84375)
            let light = pow(max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125)
            return light * 10_000 / 203
        case .hybridLogGamma:
            let scene = value <= 0.5 ? value * value / 3 : (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
            // The display's own gamma at 1000 cd/m².
            return pow(scene, 1.2) * 1000 / 203
        }
    }
}

/// Brings HDR pictures to the standard range: highlights are rolled off, colours outside BT.709 are cut.
struct ToneMap: ~Copyable {
    /// Grid points a side: between them colours are interpolated.
    private static let side = 33
    /// Light, in diffuse whites, from which highlights are compressed, and that becomes the whitest white.
    private static let knee = 0.75
    private static let peak = 1000.0 / 203

    /// Red, green and blue, 0 to 255, of each grid point; red changes quickest.
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

    /// BT.2020 light to BT.709 code values.
    private static func map(_ red: Double, _ green: Double, _ blue: Double) -> SIMD4<Float> {
        let brightest = max(red, green, blue)
        let scale = brightest > knee ? rollOff(brightest) / brightest : 1
        let (r, g, b) = (red * scale, green * scale, blue * scale)
        func code(_ light: Double) -> Float { Float(255 * pow(min(max(light, 0), 1), 1 / 2.4)) }
        return SIMD4(
            code(1.660491 * r - 0.587641 * g - 0.072850 * b), code(-0.124550 * r + 1.132900 * g - 0.008349 * b),
            code(-0.018151 * r - 0.100579 * g + 1.118730 * b), 0)
    }

    /// From the knee on, a curve that meets the line with its slope and reaches 1 at the peak.
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
                    let color = Self.look(table, line[x * 3], line[x * 3 + 1], line[x * 3 + 2])
                    for channel in 0..<3 { out[x * 3 + channel] = UInt8(min(max(color[channel] + 0.5, 0), 255)) }
                }
            }
        }
    }

    private static func look(
        _ table: UnsafeBufferPointer<SIMD4<Float>>, _ red: UInt16, _ green: UInt16, _ blue: UInt16
    ) -> SIMD4<Float> {
        func place(_ value: UInt16) -> (index: Int, share: Float) {
            let place = Float(value) * Float(side - 1) / 65_535
            let index = min(Int(place), side - 2)
            return (index, place - Float(index))
        }
        let (r, g, b) = (place(red), place(green), place(blue))
        let base = (b.index * side + g.index) * side + r.index
        func along(_ start: Int) -> SIMD4<Float> { table[start] + (table[start + 1] - table[start]) * r.share }
        let near = along(base) + (along(base + side) - along(base)) * g.share
        let far = base + side * side
        return near + (along(far) + (along(far + side) - along(far)) * g.share - near) * b.share
    }
}
