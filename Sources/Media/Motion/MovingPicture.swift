// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// A still seen through a moving rectangle.
///
/// The rectangle's position is never rounded to pixels: luma and chroma are resampled for each frame, each at the
/// positions of its samples (4:2:0 chroma is on every second luma column and between luma rows).
struct MovingPicture: ~Copyable {
    private let luma: SourcePlane
    private let blue: SourcePlane
    private let red: SourcePlane
    private let format: VideoFormat

    /// - Parameter picture: yuv420p of the film's aspect ratio, at any size.
    init(_ picture: borrowing Frame, format: VideoFormat) throws(MediaError) {
        let data = picture.pointer.pointee
        guard let y = data.data.0, let u = data.data.1, let v = data.data.2 else {
            throw MediaError(.internal, "a picture without planes")
        }
        let (width, height) = (picture.width, picture.height)
        luma = SourcePlane(y, width: width, height: height, lineSize: Int(data.linesize.0))
        blue = SourcePlane(u, width: width / 2, height: height / 2, lineSize: Int(data.linesize.1))
        red = SourcePlane(v, width: width / 2, height: height / 2, lineSize: Int(data.linesize.2))
        self.format = format
    }

    /// The part of the picture inside a rectangle, at the film's size.
    func render(_ rectangle: CropRectangle) throws(MediaError) -> Frame {
        let target = try Frame(width: format.width, height: format.height)
        let data = target.pointer.pointee
        guard let y = data.data.0, let u = data.data.1, let v = data.data.2 else {
            throw MediaError(.internal, "out of memory")
        }
        // Source samples per output sample. Pixel centres are at half-integers.
        let stepX = rectangle.width * Double(luma.width) / Double(format.width)
        let stepY = rectangle.height * Double(luma.height) / Double(format.height)
        func sourceX(_ x: Double) -> Double { rectangle.x * Double(luma.width) + (x + 0.5) * stepX - 0.5 }
        func sourceY(_ y: Double) -> Double { rectangle.y * Double(luma.height) + (y + 0.5) * stepY - 0.5 }
        luma.resample(
            across: ResamplingTaps(
                outputs: format.width, sources: luma.width, origin: sourceX(0), step: stepX, multiple: 8),
            down: ResamplingTaps(
                outputs: format.height, sources: luma.height, origin: sourceY(0), step: stepY, multiple: 1),
            into: y, lineSize: Int(data.linesize.0))
        let across = ResamplingTaps(
            outputs: format.width / 2, sources: blue.width, origin: sourceX(0) / 2, step: stepX, multiple: 8)
        let down = ResamplingTaps(
            outputs: format.height / 2, sources: blue.height, origin: (sourceY(0.5) - 0.5) / 2, step: stepY,
            multiple: 1)
        blue.resample(across: across, down: down, into: u, lineSize: Int(data.linesize.1))
        red.resample(across: across, down: down, into: v, lineSize: Int(data.linesize.2))
        return target
    }
}
