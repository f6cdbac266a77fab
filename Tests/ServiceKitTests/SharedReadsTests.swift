import Synchronization
import Testing

@testable import ServiceKit

/// Readings that wait until a test lets them end.
private final class Gate: Sendable {
    private let state = Mutex<(begun: Int, isOpen: Bool)>((0, false))

    var begun: Int { state.withLock { $0.begun } }
    func open() { state.withLock { $0.isOpen = true } }

    func read() async throws -> Int {
        let number = state.withLock { state in
            state.begun += 1
            return state.begun
        }
        while !state.withLock({ $0.isOpen }) {
            try Task.checkCancellation()
            await Task.yield()
        }
        return number
    }
}

@Suite(.timeLimit(.minutes(1))) struct SharedReadsTests {
    @Test("callers of the same moment share a reading; those who come during it share the next")
    func shared() async throws {
        let gate = Gate()
        let reads = SharedReads<String, Int>(limit: 2) { _ in try await gate.read() }
        let first = Task { try await reads.value(for: "a") }
        while gate.begun < 1 { await Task.yield() }
        let later = (0..<50).map { _ in Task { try await reads.value(for: "a") } }
        while await reads.waitingCount < 50 { await Task.yield() }
        gate.open()
        #expect(try await first.value == 1)
        for task in later { #expect(try await task.value == 2) }
        #expect(await reads.count == 2)
    }

    @Test("a reading that every caller has left is cancelled, and one that none waits for is not begun")
    func left() async throws {
        let gate = Gate()
        let reads = SharedReads<String, Int>(limit: 1) { _ in try await gate.read() }
        let tasks = ["a", "a", "b", "b"].map { key in Task { try await reads.value(for: key) } }
        while gate.begun < 1 { await Task.yield() }
        for task in tasks { task.cancel() }
        for task in tasks {
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        gate.open()
        let before = await reads.count
        #expect(before <= 2)
        #expect(try await reads.value(for: "c") == before + 1)
    }

    @Test("a failure reaches every caller of its reading, and the next one reads again")
    func failure() async throws {
        struct Fault: Error {}
        let reads = SharedReads<Int, Int>(limit: 1) { key in
            if key == 0 { throw Fault() }
            return key
        }
        await #expect(throws: Fault.self) { try await reads.value(for: 0) }
        #expect(try await reads.value(for: 7) == 7)
        await #expect(throws: Fault.self) { try await reads.value(for: 0) }
        #expect(await reads.count == 3)
    }
}
