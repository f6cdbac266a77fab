// SPDX-License-Identifier: Apache-2.0

/// Stereo sound: two channels of equal length, -1 to 1.
struct StereoSamples: Sendable {
    private(set) var left: [Float] = []
    private(set) var right: [Float] = []

    init() {}

    /// Creates silence.
    init(silence count: Int) {
        left = [Float](repeating: 0, count: count)
        right = left
    }

    var count: Int { left.count }

    mutating func append(_ other: borrowing StereoSamples) {
        left += other.left
        right += other.right
    }

    mutating func append(left: UnsafeBufferPointer<Float>, right: UnsafeBufferPointer<Float>) {
        self.left += left
        self.right += right
    }

    /// Removes samples from the start and returns them.
    mutating func takeFirst(_ count: Int) -> StereoSamples {
        let count = min(count, self.count)
        var first = StereoSamples()
        first.left = Array(left[..<count])
        first.right = Array(right[..<count])
        left.removeFirst(count)
        right.removeFirst(count)
        return first
    }

    /// Fades out the last samples, so that a cut does not click.
    mutating func fadeOut(_ length: Int) {
        let length = min(length, count)
        for step in 0..<length {
            let gain = Float(length - step - 1) / Float(length)
            left[count - length + step] *= gain
            right[count - length + step] *= gain
        }
    }

    /// Whether all samples are zero.
    var isSilent: Bool { left.allSatisfy { $0 == 0 } && right.allSatisfy { $0 == 0 } }

    /// The mean square of both channels.
    var energy: Float {
        guard count > 0 else { return 0 }
        return zip(left, right).reduce(0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 } / Float(2 * count)
    }

    /// The mean square of each channel.
    var channelEnergies: (left: Float, right: Float) {
        guard count > 0 else { return (0, 0) }
        return (
            left.reduce(0) { $0 + $1 * $1 } / Float(count), right.reduce(0) { $0 + $1 * $1 } / Float(count)
        )
    }

    mutating func amplify(_ gain: Float) {
        for index in left.indices { left[index] *= gain }
        for index in right.indices { right[index] *= gain }
    }

    func copy(left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>) {
        left.update(from: self.left, count: count)
        right.update(from: self.right, count: count)
    }

    /// Calls `body` with both channels, without copying them.
    func withChannels<Result>(
        _ body: (_ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>) -> Result
    ) -> Result {
        left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { body(left, $0) } }
    }

    /// Calls `body` with both channels, which it can change in place.
    mutating func withMutableChannels<Result>(
        _ body: (_ left: UnsafeMutableBufferPointer<Float>, _ right: UnsafeMutableBufferPointer<Float>) -> Result
    ) -> Result {
        left.withUnsafeMutableBufferPointer { left in right.withUnsafeMutableBufferPointer { body(left, $0) } }
    }
}
