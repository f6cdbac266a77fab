import CFFmpeg
import CLcms2

/// Owns a conversion of RGBA pictures from the colours of a profile to sRGB.
final class ColorConversion {
    enum Outcome {
        /// The profile is sRGB, as far as eight bits show.
        case notNeeded
        case needed(ColorConversion)
        /// Why the profile cannot be used.
        case unusable(String)
    }

    /// Bytes of a profile; printers' have some megabytes.
    static let maximumBytes = 4 << 20

    private enum Means {
        case transform(cmsHTRANSFORM)
        /// The grey that each sample stands for.
        case table([UInt8])
    }

    private let means: Means

    private init(_ means: Means) { self.means = means }

    deinit {
        if case .transform(let transform) = means { cmsDeleteTransform(transform) }
    }

    /// - Parameters:
    ///   - profile: an ICC profile as a file holds it.
    ///   - isGray: whether the picture has one channel of colour.
    static func make(profile: [UInt8], isGray: Bool) -> Outcome {
        guard profile.count <= maximumBytes else { return .unusable("it has \(profile.count) bytes") }
        guard let opened = cmsOpenProfileFromMem(profile, UInt32(profile.count)) else {
            return .unusable("it cannot be read")
        }
        defer { cmsCloseProfile(opened) }
        let classes = [cmsSigDisplayClass, cmsSigInputClass, cmsSigOutputClass, cmsSigColorSpaceClass]
        guard classes.contains(cmsGetDeviceClass(opened)) else { return .unusable("it is not of a device") }
        switch cmsGetColorSpace(opened) {
        case cmsSigRgbData where !isGray: return make(opened, us_rgba_8)
        case cmsSigGrayData where isGray: return make(opened, us_gray_8)
        default: return .unusable("its colours are not those of the picture's samples")
        }
    }

    /// - Parameters:
    ///   - primaries: x and y of white, red, green and blue.
    ///   - gamma: the exponent from samples to light; sRGB's curve if absent.
    static func make(primaries: [Double], gamma: Double?) -> Outcome {
        guard primaries.count == 8, primaries.allSatisfy({ (0...1).contains($0) }), primaries[1] > 0.01 else {
            return .unusable("its primaries are not those of a device")
        }
        func point(_ index: Int) -> cmsCIExyY { cmsCIExyY(x: primaries[index], y: primaries[index + 1], Y: 1) }
        var white = point(0)
        var triple = cmsCIExyYTRIPLE(Red: point(2), Green: point(4), Blue: point(6))
        let sRGB = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
        guard let curve = gamma.map({ cmsBuildGamma(nil, $0) }) ?? cmsBuildParametricToneCurve(nil, 4, sRGB) else {
            return .unusable("its curve is not that of a device")
        }
        defer { cmsFreeToneCurve(curve) }
        var curves: [OpaquePointer?] = [curve, curve, curve]
        guard let profile = cmsCreateRGBProfile(&white, &triple, &curves) else {
            return .unusable("its primaries are not those of a device")
        }
        defer { cmsCloseProfile(profile) }
        return make(profile, us_rgba_8)
    }

    private static func make(_ profile: cmsHPROFILE, _ format: UInt32) -> Outcome {
        guard let sRGB = cmsCreate_sRGBProfile() else { return .unusable("out of memory") }
        defer { cmsCloseProfile(sRGB) }
        guard
            let transform = cmsCreateTransform(
                profile, format, sRGB, us_rgba_8, UInt32(INTENT_RELATIVE_COLORIMETRIC), us_conversion_flags)
        else { return .unusable("it has no conversion to the screen's colours") }
        return format == us_gray_8 ? table(transform) : conversion(transform)
    }

    private static func conversion(_ transform: cmsHTRANSFORM) -> Outcome {
        let steps: [UInt8] = [0, 32, 64, 96, 128, 160, 192, 224, 255]
        var samples: [UInt8] = []
        for red in steps {
            for green in steps {
                for blue in steps { samples += [red, green, blue, 255] }
            }
        }
        var seen = samples
        cmsDoTransform(transform, samples, &seen, UInt32(samples.count / 4))
        guard zip(samples, seen).contains(where: { abs(Int($0) - Int($1)) > 2 }) else {
            cmsDeleteTransform(transform)
            return .notNeeded
        }
        return .needed(ColorConversion(.transform(transform)))
    }

    private static func table(_ transform: cmsHTRANSFORM) -> Outcome {
        defer { cmsDeleteTransform(transform) }
        let samples = [UInt8](0...255)
        var seen = [UInt8](repeating: 0, count: 1024)
        cmsDoTransform(transform, samples, &seen, 256)
        let greys = stride(from: 1, to: 1024, by: 4).map { seen[$0] }
        guard zip(samples, greys).contains(where: { abs(Int($0) - Int($1)) > 2 }) else { return .notNeeded }
        return .needed(ColorConversion(.table(greys)))
    }

    /// Converts a picture in place; alpha stays.
    ///
    /// - Parameter picture: RGBA of eight bits.
    func apply(to picture: borrowing Frame) {
        guard let base = picture.pointer.pointee.data.0 else { return }
        let stride = Int(picture.pointer.pointee.linesize.0)
        for y in 0..<picture.height {
            let row = base + y * stride
            switch means {
            case .transform(let transform): cmsDoTransform(transform, row, row, UInt32(picture.width))
            case .table(let greys):
                for x in 0..<picture.width {
                    let grey = greys[Int(row[x * 4 + 1])]
                    for channel in 0..<3 { row[x * 4 + channel] = grey }
                }
            }
        }
    }
}
