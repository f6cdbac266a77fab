import Faults
import Testing

@testable import Agent5

struct ClipLengthsTests {
    @Test(
        "The shortest length that covers the segment is bought, else the longest",
        arguments: [
            ("4,8,12", 0.1, 4), ("4,8,12", 4, 4), ("4,8,12", 4.01, 8), ("12, 4 ,8", 15, 12),
            ("3-10", 1, 3), ("3-10", 5.2, 6), ("3-10", 10, 10), ("3-10", 3600, 10), ("5", 9, 5),
        ] as [(String, Double, Int)])
    func covering(text: String, duration: Double, expected: Int) throws {
        #expect(try ClipLengths(text).covering(duration) == expected)
    }

    @Test(
        "Lengths that mean nothing are refused", arguments: ["", "4,", "0", "10-3", "a", "4.5", "3-4-5", "-3", "3601"])
    func refused(text: String) {
        #expect { try ClipLengths(text) } throws: { ($0 as? ServiceError)?.kind == .invalidParams }
    }
}
