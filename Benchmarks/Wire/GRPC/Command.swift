// SPDX-License-Identifier: Apache-2.0

/// The command line of `grpc-bench`.
enum Command {
    case server(path: String, settings: TransportSettings)
    case client(LoadRun)

    static let usage = """
        usage: grpc-bench server SOCKET [--settings defaults|tuned]
               grpc-bench client SOCKET --connections N --in-flight N --bytes N --seconds S [--settings defaults|tuned]

        """

    /// - Parameter arguments: the arguments without the name of the program.
    /// - Returns: `nil` if they are not as in `usage`.
    init?(_ arguments: [String]) {
        guard arguments.count >= 2, arguments.count.isMultiple(of: 2) else { return nil }
        var options: [String: String] = [:]
        for index in stride(from: 2, to: arguments.count, by: 2) {
            options[arguments[index]] = arguments[index + 1]
        }
        let name = options.removeValue(forKey: "--settings") ?? "defaults"
        guard let settings = TransportSettings(rawValue: name) else { return nil }
        func number(_ option: String) -> Int? {
            options.removeValue(forKey: option).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        }
        switch arguments[0] {
        case "server" where options.isEmpty:
            self = .server(path: arguments[1], settings: settings)
        case "client":
            guard let connections = number("--connections"), let inFlight = number("--in-flight"),
                let bytes = number("--bytes"),
                let seconds = options.removeValue(forKey: "--seconds").flatMap({ Double($0) }),
                seconds > 0, options.isEmpty
            else { return nil }
            self = .client(
                LoadRun(
                    path: arguments[1], connections: connections, inFlight: inFlight, bytes: bytes, seconds: seconds,
                    settings: settings))
        default:
            return nil
        }
    }
}
