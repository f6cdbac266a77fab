// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The system calls that `strace -f -y` recorded: which names were made durable, and how often files were flushed.
struct SystemCalls {
    /// The calls that change files, for `LiveStack.with(tracing:)`.
    static let fileChanges = "rename,renameat,renameat2,mkdir,mkdirat,fsync,fdatasync"

    /// A command that runs another one under strace.
    ///
    /// strace runs as a grandchild (`-D`), so that signals reach the traced command, and stops processes at the traced calls only
    /// (`--seccomp-bpf`).
    ///
    /// - Parameters:
    ///   - calls: The names of the traced calls; `nil` returns `command` as it is.
    ///   - file: The path of the trace.
    static func command(_ command: [String], tracing calls: String?, to file: String) -> [String] {
        guard let calls else { return command }
        return ["/usr/bin/strace", "-D", "-f", "-y", "-q", "--seccomp-bpf", "-s", "400", "-e", "trace=\(calls)"]
            + ["-e", "signal=none", "-o", file] + command
    }

    private struct Line {
        var call: String
        var text: String
    }

    private let lines: [Line]

    init(_ trace: String) {
        lines = trace.split(separator: "\n").compactMap { line in
            // Each line begins with the thread id.
            let text = line.drop { $0.isNumber }.drop { $0 == " " }
            guard let bracket = text.firstIndex(of: "("), !text.hasPrefix("<") else { return nil }
            return Line(call: String(text[..<bracket]), text: String(text))
        }
    }

    /// How often files with a path of that ending were flushed.
    func flushes(ofPathEnding ending: String) -> Int {
        lines.count { Self.isFlush($0) && $0.text.contains("\(ending)>") }
    }

    /// The renames and new folders that a power loss could undo.
    ///
    /// A name is durable if its folder is flushed after the call, and a renamed file was flushed before.
    ///
    /// - Parameters:
    ///   - folder: Only names below this folder count.
    ///   - isExcepted: Whether a path need not be durable.
    /// - Returns: The call and path of each fault; empty if there is none.
    func volatileNames(below folder: String, but isExcepted: (String) -> Bool) -> [String] {
        var faults: [String] = []
        for (index, line) in lines.enumerated() where !line.text.contains("= -1") {
            let isRename = line.call.hasPrefix("rename")
            guard isRename || line.call.hasPrefix("mkdir") else { continue }
            let paths = line.text.split(separator: "\"").filter { $0.hasPrefix("/") }
            guard let path = paths.last.map(String.init), path.hasPrefix(folder + "/"), !isExcepted(path) else {
                continue
            }
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            let isDurable = lines[index...].contains { Self.isFlush($0) && $0.text.contains("<\(parent)>") }
            if !isDurable { faults.append("\(line.call) \(path)") }
            if isRename, let source = paths.first {
                let isWhole = lines[..<index].contains { Self.isFlush($0) && $0.text.contains("<\(source)>") }
                if !isWhole { faults.append("unflushed \(source)") }
            }
        }
        return faults
    }

    private static func isFlush(_ line: Line) -> Bool { line.call == "fsync" || line.call == "fdatasync" }
}
