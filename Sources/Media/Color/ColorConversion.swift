// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import CLcms2

/// Owns a conversion of RGBA pictures from the colours of a profile to sRGB.
final class ColorConversion {
    enum Outcome {
        /// The profile equals sRGB to the precision of eight bits.
        case notNeeded
        case needed(ColorConversion)
        /// Why the profile cannot be used.
        case unusable(String)
    }

    /// Maximum bytes of a profile. Those of printers have several megabytes.
    static let maximumBytes = 4 << 20

    private enum Method {
        case transform(cmsHTRANSFORM)
        /// The grey value of each sample.
        case table([UInt8])
    }

    private let method: Method

    private init(_ method: Method) { self.method = method }

    deinit {
        if case .transform(let transform) = method { cmsDeleteTransform(transform) }
    }

    /// - Parameters:
    ///   - profile: An ICC profile as stored in a file.
    ///   - isGray: Whether the picture has a single colour channel.
    static func make(profile: [UInt8], isGray: Bool) -> Outcome {
        guard profile.count <= maximumBytes else { return .unusable("it has \(profile.count) bytes") }
        guard let opened = cmsOpenProfileFromMem(profile, UInt32(profile.count)) else {
            return .unusable("it cannot be read")
        }
        defer { cmsCloseProfile(opened) }
        let classes = [cmsSigDisplayClass, cmsSigInputClass, cmsSigOutputClass, cmsSigColorSpaceClass]
        guard classes.contains(cmsGetDeviceClass(opened)) else { return .unusable("it is not a device profile") }
        switch cmsGetColorSpace(opened) {
        case cmsSigRgbData where !isGray: return make(opened, us_rgba_8)
        case cmsSigGrayData where isGray: return make(opened, us_gray_8)
        default: return .unusable("its colour space is not that of the picture's samples")
        }
    }

    /// - Parameters:
    ///   - primaries: x and y of white, red, green and blue.
    ///   - gamma: Exponent from samples to light; sRGB's curve if absent.
    static func make(primaries: [Double], gamma: Double?) -> Outcome {
        guard primaries.count == 8, primaries.allSatisfy({ (0...1).contains($0) }), primaries[1] > 0.01 else {
            return .unusable("its primaries are invalid")
        }
        func point(_ index: Int) -> cmsCIExyY { cmsCIExyY(x: primaries[index], y: primaries[index + 1], Y: 1) }
        var white = point(0)
        var triple = cmsCIExyYTRIPLE(Red: point(2), Green: point(4), Blue: point(6))
        let sRGB = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
        guard let curve = gamma.map({ cmsBuildGamma(nil, $0) }) ?? cmsBuildParametricToneCurve(nil, 4, sRGB) else {
            return .unusable("its transfer curve is invalid")
        }
        defer { cmsFreeToneCurve(curve) }
        var curves: [OpaquePointer?] = [curve, curve, curve]
        guard let profile = cmsCreateRGBProfile(&white, &triple, &curves) else {
            return .unusable("its primaries are invalid")
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
        else { return .unusable("it has no conversion to sRGB") }
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
        var converted = samples
        cmsDoTransform(transform, samples, &converted, UInt32(samples.count / 4))
        guard zip(samples, converted).contains(where: { abs(Int($0) - Int($1)) > 2 }) else {
            cmsDeleteTransform(transform)
            return .notNeeded
        }
        return .needed(ColorConversion(.transform(transform)))
    }

    private static func table(_ transform: cmsHTRANSFORM) -> Outcome {
        defer { cmsDeleteTransform(transform) }
        let samples = [UInt8](0...255)
        var converted = [UInt8](repeating: 0, count: 1024)
        cmsDoTransform(transform, samples, &converted, 256)
        let greys = stride(from: 1, to: 1024, by: 4).map { converted[$0] }
        guard zip(samples, greys).contains(where: { abs(Int($0) - Int($1)) > 2 }) else { return .notNeeded }
        return .needed(ColorConversion(.table(greys)))
    }

    /// Converts a picture in place. Alpha is unchanged.
    ///
    /// - Parameter picture: RGBA of eight bits per channel.
    func apply(to picture: borrowing Frame) {
        guard let base = picture.pointer.pointee.data.0 else { return }
        let stride = Int(picture.pointer.pointee.linesize.0)
        for y in 0..<picture.height {
            let row = base + y * stride
            switch method {
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
