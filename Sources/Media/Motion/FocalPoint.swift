// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Finds the focal point of a picture.
enum FocalPoint {
    private static let columns = 32
    private static let rows = 18

    /// The centroid of the picture's edge energy, as fractions of its width and height. The centre for a picture
    /// without edges.
    ///
    /// - Parameter picture: yuv420p.
    static func point(of picture: borrowing Frame) -> (x: Double, y: Double) {
        let energy = energy(of: picture)
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for row in 0..<rows {
            for column in 0..<columns {
                // Squared, so that one distinct area outweighs even texture.
                let weight = energy[row * columns + column] * energy[row * columns + column]
                sum += weight
                sumX += weight * (Double(column) + 0.5)
                sumY += weight * (Double(row) + 0.5)
            }
        }
        guard sum > 0 else { return (0.5, 0.5) }
        return (sumX / sum / Double(columns), sumY / sum / Double(rows))
    }

    /// The mean gradient of the luma in each cell of a grid, from every second pixel and its neighbours two pixels
    /// apart.
    private static func energy(of picture: borrowing Frame) -> [Double] {
        var energy = [Double](repeating: 0, count: columns * rows)
        var counts = energy
        guard let base = picture.pointer.pointee.data.0, picture.width > 4, picture.height > 4 else { return energy }
        let stride = Int(picture.pointer.pointee.linesize.0)
        for y in Swift.stride(from: 1, to: picture.height - 1, by: 2) {
            let line = base + y * stride
            let row = y * rows / picture.height
            for x in Swift.stride(from: 1, to: picture.width - 1, by: 2) {
                let across = abs(Int(line[x + 1]) - Int(line[x - 1]))
                let down = abs(Int(line[x + stride]) - Int(line[x - stride]))
                let cell = row * columns + x * columns / picture.width
                energy[cell] += Double(across + down)
                counts[cell] += 1
            }
        }
        for cell in energy.indices where counts[cell] > 0 { energy[cell] /= counts[cell] }
        return energy
    }
}
