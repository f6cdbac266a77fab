// SPDX-License-Identifier: Apache-2.0

/// A coded picture as stored in an MP4 track.
struct CodedPicture {
    let sample: [UInt8]
    let isKey: Bool
}
