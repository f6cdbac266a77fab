import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServicePool

/// The services themselves: replicas and breakers.
struct StackRoutes: Sendable {
    /// Agents whose breakers are shown; those of image providers come from `imagegen.providers`.
    private static let agents = [Agent.lead.service]

    let directory: RunDirectory
    let pools: ServicePools

    func get(_ path: [String]) async throws -> WebResponse? {
        switch path {
        case ["replicas"]: try .json(["services": await services()])
        case ["breakers"]: try .json(["breakers": try await breakers()])
        case ["providers"]: try .json(try await pools.call(ImageGenAPI.providers, NoParams()))
        default: nil
        }
    }

    func post(_ path: [String], _ request: WebRequest) async throws -> WebResponse? {
        // The name of an image provider's breaker has a slash: imagegen/openai.
        guard path.first == "breakers", (2...3).contains(path.count) else { return nil }
        guard case .bytes(let body) = request.body,
            let action = try JSONCoding.decode(JSONValue.self, from: body)["action"]?.string
        else { throw ServiceError.invalidParams(at: "/action", expected: "open, close or reset") }
        guard let known = BreakerAction(rawValue: action) else {
            throw ServiceError.invalidParams(
                at: "/action", expected: "open, close or reset, found \"\(action.prefix(100))\"")
        }
        let agent = path.dropFirst().joined(separator: "/")
        return try .json(
            try await pools.call(OrchestratorAPI.breaker, BreakerRequest(agent: agent, action: known)))
    }

    // MARK: -

    struct Replicas: Encodable {
        var service: String
        var replicas: [Replica]
    }

    struct Replica: Encodable {
        var instance: String
        var health: ServiceHealth?
        /// Why it did not answer.
        var error: ServiceError?
    }

    /// All that have a socket, each asked for its health.
    func services() async -> [Replicas] {
        await withTaskGroup(of: (String, Replica).self) { group in
            for service in directory.services() {
                for instance in directory.instances(of: service) {
                    group.addTask { (service, await replica(instance, of: service)) }
                }
            }
            var found: [String: [Replica]] = [:]
            for await (service, replica) in group { found[service, default: []].append(replica) }
            return found.keys.sorted().map { name in
                Replicas(service: name, replicas: (found[name] ?? []).sorted { $0.instance < $1.instance })
            }
        }
    }

    private func replica(_ instance: String, of service: String) async -> Replica {
        do {
            let connection = try await directory.connect(to: service, instance: instance, patience: .zero)
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

    private func breakers() async throws -> [BreakerView] {
        var breakers: [BreakerView] = []
        for agent in Self.agents + (await imageProviders()) {
            breakers.append(try await pools.call(OrchestratorAPI.breaker, BreakerRequest(agent: agent)))
        }
        return breakers
    }

    private func imageProviders() async -> [String] {
        let known = try? await pools.call(ImageGenAPI.providers, NoParams(), patience: .milliseconds(200))
        return (known?.providers ?? []).filter { $0.needsNetwork }.map { "imagegen/\($0.name)" }
    }
}
