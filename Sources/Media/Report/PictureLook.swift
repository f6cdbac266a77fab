import CFFmpeg

/// A decoded picture at a glance: some of its luma.
struct PictureLook: Equatable {
    /// Every so many rows and columns are looked at.
    private static let step = 8

    let samples: [UInt8]

    /// Nothing was looked at.
    init() { samples = [] }

    init(_ picture: borrowing Frame) {
        guard let base = picture.pointer.pointee.data.0 else {
            samples = []
            return
        }
        let (step, stride) = (Self.step, Int(picture.pointer.pointee.linesize.0))
        let (rows, columns) = (picture.height / step, picture.width / step)
        samples = [UInt8](unsafeUninitializedCapacity: max(rows * columns, 0)) { buffer, filled in
            for row in 0..<rows {
                let line = base + row * step * stride
                for column in 0..<columns { buffer[row * columns + column] = line[column * step] }
            }
            filled = rows * columns
        }
    }
}
