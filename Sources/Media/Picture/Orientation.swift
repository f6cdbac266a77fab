// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// The transformation that makes a picture upright: rotation clockwise, then mirroring left to right.
struct Orientation: Equatable {
    /// Number of quarter turns clockwise, 0 to 3.
    var quarterTurns: Int
    var isMirrored: Bool

    static let upright = Orientation(quarterTurns: 0, isMirrored: false)

    init(quarterTurns: Int, isMirrored: Bool) {
        self.quarterTurns = quarterTurns
        self.isMirrored = isMirrored
    }

    /// The orientation of an EXIF value, 1 to 8. Other values mean upright.
    init(exif: Int) {
        switch exif {
        case 2: self.init(quarterTurns: 0, isMirrored: true)
        case 3: self.init(quarterTurns: 2, isMirrored: false)
        case 4: self.init(quarterTurns: 2, isMirrored: true)
        case 5: self.init(quarterTurns: 1, isMirrored: true)
        case 6: self.init(quarterTurns: 1, isMirrored: false)
        case 7: self.init(quarterTurns: 3, isMirrored: true)
        case 8: self.init(quarterTurns: 3, isMirrored: false)
        default: self = .upright
        }
    }

    /// The orientation of a stream's display matrix, to the nearest quarter turn.
    init(_ stream: UnsafeMutablePointer<AVStream>) {
        self = .upright
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size),
            size >= 9 * MemoryLayout<Int32>.size
        else { return }
        let matrix = UnsafeRawPointer(data).assumingMemoryBound(to: Int32.self)
        let degrees = av_display_rotation_get(matrix)
        guard degrees.isFinite else { return }
        let turns = (Int((-degrees / 90).rounded()) % 4 + 4) % 4
        let determinant = Double(matrix[0]) * Double(matrix[4]) - Double(matrix[1]) * Double(matrix[3])
        if determinant >= 0 {
            self.init(quarterTurns: turns, isMirrored: false)
        } else {
            // For mirrored pictures, libav's angle is that of the first axis alone.
            self.init(quarterTurns: turns == 2 ? 0 : turns == 0 ? 2 : turns, isMirrored: true)
        }
    }
}
