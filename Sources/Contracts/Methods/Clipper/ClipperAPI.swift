// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of `clipper`: turns stills into clips, adds narrations, converts and probes media.
///
/// ```swift
/// let request = CreateClip(image: "file:///a.png", duration: 4, output: "file:///a_clip.mp4")
/// let clip = try await pools.call(ClipperAPI.create, request)
/// ```
package enum ClipperAPI {
    /// `clipper.create`: encodes a still as a silent H.264 clip.
    package static let create = Method<CreateClip, CreatedClip>(
        "clipper.create", of: .clipper, idempotent: true, stallTimeout: RenderBounds.stall, media: { $0.image },
        summary: "Turns a still into a silent H.264 clip.")
    /// `clipper.replace_audio`: replaces a clip's audio with a narration.
    package static let replaceAudio = Method<ReplaceAudio, ReplacedAudio>(
        "clipper.replace_audio", of: .clipper, idempotent: true, stallTimeout: RenderBounds.stall,
        media: { "\($0.audio) or \($0.clip)" },
        summary: "Replaces a clip's audio with a narration, cut or padded to the clip.")
    /// `clipper.convert`: writes a film, or a part of it, as an MP4.
    package static let convert = Method<ConvertMedia, ConvertedMedia>(
        "clipper.convert", of: .clipper, idempotent: true, stallTimeout: RenderBounds.stall, media: { $0.media },
        summary:
            "Writes a film, or a part of it, as an MP4 that common players can play; copies the streams that need no encoding."
    )
    /// `clipper.probe`: reports the streams of a media file, and checks it if asked.
    package static let probe = Method<ProbeMedia, ProbedMedia>(
        "clipper.probe", of: .clipper, idempotent: true, stallTimeout: RenderBounds.stall,
        requestLimit: StoryboardBounds.request,
        media: { $0.media },
        summary: "Reports the streams of a media file, and decodes it if asked.")
}
