// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Throws if a libav call failed.
///
/// - Returns: The result of the call.
@discardableResult
func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(MediaError) -> Int32 {
    guard code >= 0 else { throw MediaError(code: code, operation()) }
    return code
}

/// Configures libav: no output on standard error, since errors are thrown, and a limit for allocations. Read it before
/// libav is used.
let libavIsConfigured: Bool = {
    av_log_set_level(AV_LOG_QUIET)
    // A file of a kilobyte can request tables of gigabytes. The largest legitimate allocation is a decoded picture of
    // 256 MB.
    av_max_alloc(512 << 20)
    return true
}()

/// The last component of a path, which messages use as the file's name.
func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}
