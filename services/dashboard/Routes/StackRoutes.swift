// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServicePool

/// The services of the stack: their replicas and breakers.
struct StackRoutes: Sendable {
    /// Agents with a breaker at the orchestrator; those of image providers are found by `imagegen.providers`.
    private static let agents = [Agent.lead.service]

    let directory: RunDirectory
    let pools: ServicePools

    // MARK: - Replicas

    /// `GET /api/replicas`
    func replicas(_ request: WebRequest) async throws -> WebResponse { try .json(["services": await services()]) }

    /// The replicas of one service.
    struct ServiceReplicas: Encodable {
        var service: String
        var replicas: [Replica]
    }

    /// A replica and its health.
    struct Replica: Encodable {
        var instance: String
        /// `nil` if the replica does not respond.
        var health: ServiceHealth?
        /// Why the replica does not respond.
        var error: ServiceError?
    }

    /// Requests the health of all replicas with a socket in the run directory.
    func services() async -> [ServiceReplicas] {
        await withTaskGroup(of: (String, Replica).self) { group in
            for service in directory.services() {
                for instance in directory.instances(of: service) {
                    group.addTask { (service, await replica(instance, of: service)) }
                }
            }
            var found: [String: [Replica]] = [:]
            for await (service, replica) in group { found[service, default: []].append(replica) }
            return found.keys.sorted().map { name in
                ServiceReplicas(service: name, replicas: (found[name] ?? []).sorted { $0.instance < $1.instance })
            }
        }
    }

    private func replica(_ instance: String, of service: String) async -> Replica {
        do {
            let connection = try await directory.connect(to: service, instance: instance, timeout: .zero)
            do {
                let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(2))
                await connection.close()
                return Replica(instance: instance, health: health)
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            return Replica(instance: instance, error: ServiceError(wrapping: error))
        }
    }

    // MARK: - Providers and breakers

    /// `GET /api/providers`
    func providers(_ request: WebRequest) async throws -> WebResponse {
        try .json(try await pools.call(ImageGenAPI.providers, NoParams()))
    }

    /// `GET /api/breakers`
    func breakers(_ request: WebRequest) async throws -> WebResponse {
        var breakers: [BreakerView] = []
        for agent in Self.agents + (await imageProviders()) {
            breakers.append(try await pools.call(OrchestratorAPI.breaker, BreakerRequest(agent: agent)))
        }
        return try .json(["breakers": breakers])
    }

    /// `POST /api/breakers/{agent}` with `{"action": "open" | "close" | "reset"}`
    func setBreaker(_ request: WebRequest, agent: String) async throws -> WebResponse {
        guard case .bytes(let body) = request.body,
            let action = try JSONCoding.decode(JSONValue.self, from: body)["action"]?.string
        else { throw ServiceError.invalidParams(at: "/action", expected: "open, close or reset") }
        guard let known = BreakerAction(rawValue: action) else {
            throw ServiceError.invalidParams(
                at: "/action", expected: "open, close or reset, found \"\(action.prefix(100))\"")
        }
        return try .json(
            try await pools.call(OrchestratorAPI.breaker, BreakerRequest(agent: agent, action: known)))
    }

    /// `POST /api/breakers/{service}/{provider}`: the names of image providers' breakers have a slash, e.g. `imagegen/openai`.
    func setProviderBreaker(_ request: WebRequest, service: String, provider: String) async throws -> WebResponse {
        try await setBreaker(request, agent: "\(service)/\(provider)")
    }

    private func imageProviders() async -> [String] {
        let known = try? await pools.call(ImageGenAPI.providers, NoParams(), replicaTimeout: .milliseconds(200))
        return (known?.providers ?? []).filter { $0.needsNetwork }.map { "imagegen/\($0.name)" }
    }
}
