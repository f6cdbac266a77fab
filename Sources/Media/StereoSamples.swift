/// Sound: two channels of as many samples, -1 to 1.
struct StereoSamples: Sendable {
    private(set) var left: [Float] = []
    private(set) var right: [Float] = []

    init() {}

    /// Silence.
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

    /// Takes samples off the beginning.
    mutating func takeFirst(_ count: Int) -> StereoSamples {
        let count = min(count, self.count)
        var first = StereoSamples()
        first.left = Array(left[..<count])
        first.right = Array(right[..<count])
        left.removeFirst(count)
        right.removeFirst(count)
        return first
    }

    /// Lets the last samples fade to nothing, so that a cut is not heard as a click.
    mutating func fadeOut(_ length: Int) {
        let length = min(length, count)
        for step in 0..<length {
            let gain = Float(length - step - 1) / Float(length)
            left[count - length + step] *= gain
            right[count - length + step] *= gain
        }
    }

    func copy(left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>) {
        left.update(from: self.left, count: count)
        right.update(from: self.right, count: count)
    }
}
