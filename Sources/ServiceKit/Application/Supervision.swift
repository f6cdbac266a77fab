import Glibc

/// A supervised service lives no longer than its supervisor: it holds the reading end of a pipe whose writing end the
/// supervisor never closes. However the supervisor ends, the kernel closes it.
enum Supervision {
    /// Turns the end of standard input into SIGTERM.
    static func endWithStandardInput() {
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
