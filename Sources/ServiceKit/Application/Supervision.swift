// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ends a supervised service with its supervisor: standard input is a pipe whose write end the supervisor holds open, and the kernel
/// closes it however the supervisor ends.
enum Supervision {
    /// Sends SIGTERM to this process at the end of standard input.
    static func terminateAtEndOfStandardInput() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                var byte: UInt8 = 0
                while true {
                    let count = read(STDIN_FILENO, &byte, 1)
                    if count == 0 || count < 0 && errno != EINTR { break }
                }
                kill(getpid(), SIGTERM)
                return nil
            }, nil)
        pthread_detach(thread)
    }
}
