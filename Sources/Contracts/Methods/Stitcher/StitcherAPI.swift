// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of `stitcher`: joins clips to a film.
///
/// ```swift
/// let clips = [StitchClip(clip: "file:///a_clip.mp4", segmentID: "seg_1", duration: 4)]
/// let film = try await pools.call(StitcherAPI.stitch, StitchFilm(clips: clips, output: "file:///film.mp4"))
/// ```
package enum StitcherAPI {
    /// `stitcher.stitch`: joins clips and narrations to one film.
    package static let stitch = Method<StitchFilm, StitchedFilm>(
        "stitcher.stitch", of: .stitcher, idempotent: true, stallTimeout: RenderBounds.stall,
        requestLimit: StoryboardBounds.request,
        media: { "the clips of \($0.output)" },
        summary: "Joins clips and narrations to one film.")
    /// `stitcher.setup_role`: creates the role that MediaConvert assumes, if it does not exist.
    package static let setupRole = Method<SetupRole, SetupRoleResult>(
        "stitcher.setup_role", of: .stitcher, idempotent: true,
        summary: "Creates the role that MediaConvert assumes, with access to the bucket, if it does not exist.")
    /// `stitcher.job_status`: returns the progress of a MediaConvert job.
    package static let jobStatus = Method<StitchJobReference, StitchJobStatus>(
        "stitcher.job_status", of: .stitcher, idempotent: true, load: .light,
        summary: "Returns the progress of a MediaConvert job.")
}
