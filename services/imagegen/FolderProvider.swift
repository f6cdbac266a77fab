// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import ImageHeaders

/// The provider `folder`: the user's own images by segment ID, `seg_001.png`, `.jpg`, `.jpeg` or `.webp`, in a folder or in a
/// subfolder named after the session.
struct FolderProvider: ImageProvider {
    private static let pathExtensions = ["png", "jpg", "jpeg", "webp"]
    private static let maximumBytes = 100 * 1024 * 1024

    /// The folder or bucket prefix of the images.
    let folder: ArtifactURI
    let artifacts: Artifacts

    let name = "folder"

    var info: ImageProviderInfo {
        ImageProviderInfo(
            name: name, isDefault: false, models: ["picture"], maxWidth: 8192, maxHeight: 8192, cost: .zero,
            needsNetwork: folder.scheme == .s3)
    }

    func model(of request: GenerateImage) -> String { "picture" }

    func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
        // The output of a still is `.../<session>/agent5/<segment>.png`.
        let output = try ArtifactURI(request.output, at: "/output")
        let parts = output.path.split(separator: "/").map(String.init)
        let segment = output.name.lastIndex(of: ".").map { output.name[..<$0] } ?? output.name[...]
        let session = parts.count >= 3 ? parts[parts.count - 3] : ""
        for name in ["\(session)/\(segment)", "\(segment)"] where !name.hasPrefix("/") {
            for pathExtension in Self.pathExtensions {
                let image = try folder.appending("\(name).\(pathExtension)")
                guard try await artifacts.info(image) != nil else { continue }
                let bytes = [UInt8](try await artifacts.read(image, maximum: Self.maximumBytes))
                let header = try ImageCheck.header(bytes, from: "\(image)")
                try Data(bytes).write(to: URL(filePath: path))
                return DrawnImage(
                    width: header.width, height: header.height, mediaType: ImageCheck.mediaType(header.format),
                    model: "picture", cost: .zero, attempts: 1, warnings: [])
            }
        }
        throw ServiceError(
            .notFound, "\(folder) has no image \(segment).png, .jpg, .jpeg or .webp", provider: name)
    }
}
