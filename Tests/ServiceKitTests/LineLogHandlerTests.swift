// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct LineLogHandlerTests {
    /// Runs `body` with an output to a pipe.
    ///
    /// - Returns: what was written to the pipe.
    private func read(_ body: (LogOutput) -> Void) -> String {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return "" }
        let output = LogOutput(ends[1])
        body(output)
        output.flush(within: 10_000)
        close(ends[1])
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(ends[0], &part, part.count)
            guard count > 0 else { break }
            all += part[..<count]
        }
        close(ends[0])
        return String(decoding: all, as: UTF8.self)
    }

    @Test
    func `control characters in messages and metadata are escaped, so that a line stays one line`() {
        let text = read { output in
            let logger = Logger(label: "x/1") { LineLogHandler(label: $0, level: .info, output: output) }
            logger.info(
                "a\r\nforged\u{1B}[2J\u{9B}1m\u{7F}\u{202E}\u{2028}b",
                metadata: ["k": "v\r\n\"w\" \\", "plain": "p", "none": ""])
        }
        #expect(text.hasSuffix("\n") && text.dropLast().unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(
            text.contains(
                #"info x/1 a\r\nforged\u{1B}[2J\u{9B}1m\u{7F}\u{202E}\u{2028}b k="v\r\n\"w\" \\" none="" plain=p"#),
            "\(text)")
    }

    @Test
    func `a line has at most 8 KiB, newline included`() {
        let text = read { output in
            let logger = Logger(label: "x") { LineLogHandler(label: $0, level: .info, output: output) }
            logger.info("\(String(repeating: "m", count: 1_000_000))")
            logger.info("m", metadata: ["k": "\(String(repeating: "\u{1B}", count: 100_000))"])
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines { #expect(line.utf8.count < 8192 && line.contains("cut, ")) }
    }

    @Test
    func `a changed process level applies to existing loggers without a level of their own`() {
        let level = LogLevel(.info)
        let text = read { output in
            let logger = Logger(label: "x") { LineLogHandler(label: $0, level: level, output: output) }
            var own = logger
            own.logLevel = .error
            logger.debug("one")
            level.current = .debug
            logger.debug("two")
            own.debug("three")
            level.current = .critical
            logger.error("four")
        }
        #expect(text.split(separator: "\n").map { $0.suffix(3) } == ["two"])
    }

    @Test
    func `lines beyond the buffer are dropped and counted, and the log reports their number`() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        defer { ends.forEach { close($0) } }
        // Fill the pipe.
        let flags = fcntl(ends[1], F_GETFL)
        _ = fcntl(ends[1], F_SETFL, flags | O_NONBLOCK)
        while Glibc.write(ends[1], "....", 4) > 0 {}
        _ = fcntl(ends[1], F_SETFL, flags)
        let output = LogOutput(ends[1], capacity: 10_000)
        let line = String(repeating: "x", count: 999) + "\n"
        // Ten lines fit into the buffer; the others are dropped.
        for _ in 0..<200 { output.write(line) }
        #expect(output.dropped == 190)
        output.flush(within: 50)
        var text = ""
        var part = [UInt8](repeating: 0, count: 65_536)
        // The writer may report dropped lines in several parts.
        func reported() -> Int {
            text.matches(of: /(\d+) log lines were dropped/).compactMap { Int($0.1) }.reduce(0, +)
        }
        while reported() < 190 {
            var wait = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 30_000) > 0 else { break }
            let count = Glibc.read(ends[0], &part, part.count)
            guard count > 0 else { break }
            text += String(decoding: part[..<count], as: UTF8.self)
        }
        #expect(reported() == 190)
        #expect(text.count { $0 == "x" } == 9990)
    }
}
