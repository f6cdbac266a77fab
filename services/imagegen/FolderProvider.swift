import Artifacts
import Contracts
import Faults
import FoundationEssentials
import ImageHeaders

/// The team's own pictures, by segment id: `seg_001.png`, `.jpg`, `.jpeg` or `.webp` in a folder, or in one named after the session.
struct FolderProvider: ImageProvider {
    private static let endings = ["png", "jpg", "jpeg", "webp"]
    private static let maximumBytes = 100 * 1024 * 1024

    let folder: ArtifactURI
    let artifacts: Artifacts

    let name = "folder"

    var info: ImageProviderInfo {
        ImageProviderInfo(
            name: name, isDefault: false, models: ["picture"], maxWidth: 8192, maxHeight: 8192, cost: .zero,
            needsNetwork: folder.scheme == .s3)
    }

    func model(of request: GenerateImage) -> String { "picture" }

    func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
        // A still lies at `.../<session>/agent5/<segment>.png`.
        let output = try ArtifactURI(request.output, at: "/output")
        let parts = output.path.split(separator: "/").map(String.init)
        let segment = output.name.lastIndex(of: ".").map { output.name[..<$0] } ?? output.name[...]
        let session = parts.count >= 3 ? parts[parts.count - 3] : ""
        for place in ["\(session)/\(segment)", "\(segment)"] where !place.hasPrefix("/") {
            for ending in Self.endings {
                let picture = try folder.appending("\(place).\(ending)")
                guard try await artifacts.info(picture) != nil else { continue }
                let bytes = [UInt8](try await artifacts.read(picture, maximum: Self.maximumBytes))
                let header = try PictureCheck.header(bytes, from: "\(picture)")
                try Data(bytes).write(to: URL(filePath: path))
                return DrawnImage(
                    width: header.width, height: header.height, mediaType: PictureCheck.mediaType(header.format),
                    model: "picture", cost: .zero, attempts: 1, warnings: [])
            }
        }
        throw ServiceError(
            .notFound, "\(folder) has no picture \(segment).png, .jpg, .jpeg or .webp", provider: name)
    }
}
