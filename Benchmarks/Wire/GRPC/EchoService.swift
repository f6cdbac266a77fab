// SPDX-License-Identifier: Apache-2.0

import GRPCCore

/// The service `bench.Bench` with the unary method `Echo`, which returns its message.
struct EchoService: RegistrableRPCService {
    /// The method `/bench.Bench/Echo`.
    static let echo = MethodDescriptor(fullyQualifiedService: "bench.Bench", method: "Echo", type: .unary)

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(forMethod: Self.echo, deserializer: BytesCoder(), serializer: BytesCoder()) {
            request, _ in
            let request = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: request.message))
        }
    }
}
