import Faults
import FoundationEssentials

/// Where this program and what belongs to it are installed.
enum Installation {
    static var folder: String {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// The path of a service's executable: beside this one, or in the private folder of an installation.
    static func executable(_ service: String) -> String {
        let beside = "\(folder)/\(service)"
        return FileManager.default.isExecutableFile(atPath: beside)
            ? beside : "\(folder)/../libexec/understudy/\(service)"
    }

    /// The folder of the sample storyboard.
    ///
    /// - Throws: `not_found`.
    static func sample() throws(ServiceError) -> String {
        let places = ["\(folder)/understudy_Understudy.resources/Sample", "\(folder)/../share/understudy/Sample"]
        guard let found = places.first(where: { FileManager.default.fileExists(atPath: "\($0)/storyboard.json") })
        else {
            throw ServiceError(.notFound, "the sample is missing; it should lie at \(places[0])")
        }
        return found
    }
}
