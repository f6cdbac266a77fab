// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The statistics of a process in `/proc`.
enum ProcessStatistics {
    /// The largest resident memory of the process until now. Bytes.
    static func peakMemory(of pid: Int) throws -> Int { try memory("VmHWM", of: pid) }

    /// The resident memory of the process. Bytes.
    static func residentMemory(of pid: Int) throws -> Int { try memory("VmRSS", of: pid) }

    private static func memory(_ name: String, of pid: Int) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? .max / 1024) * 1024
    }

    /// The processor time of the process until now. Seconds.
    static func processorTime(of pid: Int) throws -> Double {
        let ticks = try numbers(of: pid).dropFirst(10).prefix(2).reduce(0, +)
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The number of page faults until now for which nothing was read.
    static func minorFaults(of pid: Int) throws -> Int { try numbers(of: pid)[6] }

    /// The numbers of `/proc/PID/stat` after the name and the state.
    private static func numbers(of pid: Int) throws -> [Int] {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.dropFirst(2).map { Int($0) ?? 0 }
    }
}
