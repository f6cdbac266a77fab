// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials

/// The paths of the installed files.
enum Installation {
    /// The folder of this executable.
    static var folder: String {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// The path of a service's executable: next to this one, or in the `libexec` folder of an installation.
    static func executable(_ service: String) -> String {
        let sibling = "\(folder)/\(service)"
        return FileManager.default.isExecutableFile(atPath: sibling)
            ? sibling : "\(folder)/../libexec/understudy/\(service)"
    }

    /// The folder of the sample storyboard.
    ///
    /// - Throws: `not_found`.
    static func sample() throws(ServiceError) -> String {
        let candidates = ["\(folder)/understudy_Understudy.resources/Sample", "\(folder)/../share/understudy/Sample"]
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: "\($0)/storyboard.json") })
        else {
            throw ServiceError(.notFound, "the sample is missing: expected it at \(candidates[0])")
        }
        return found
    }
}
