// SPDX-License-Identifier: Apache-2.0

/// Version 2 of the journal, which is written. Each event is a flat object: `{"v":2,"type":"still_drawn","segment":0,...}`.
///
/// Its types are independent of the wire types, and the name of every member is explicit. Durations are in seconds (`_s`), times in
/// milliseconds since 1970 (`_ms`), and amounts in millionths of a US dollar (`_micros`).
///
/// Optional members may be added. Any other change requires a version 3 next to this one.
enum JournalV2 {
    /// The version number, stored as `v`.
    static let number = 2
}
