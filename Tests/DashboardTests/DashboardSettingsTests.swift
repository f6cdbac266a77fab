// SPDX-License-Identifier: Apache-2.0

import Faults
import Secrets
import ServiceKit
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct DashboardSettingsTests {
    private func settings(_ environment: [String: String] = [:]) throws -> DashboardSettings {
        try DashboardSettings(
            try ServiceSettings(environment: environment.merging(["HOME": "/nonexistent"]) { own, _ in own }))
    }

    @Test func `the page is served on loopback by default`() throws {
        let settings = try settings()
        #expect(settings.host == "127.0.0.1" && settings.port == 8686 && settings.token == nil)
        #expect(settings.bounds.connections == 2048 && settings.bounds.uploads == 1 << 30)
    }

    @Test func `an IPv6 address is in brackets, and host names are separated by commas or spaces`() throws {
        let settings = try settings([
            "UNDERSTUDY_DASHBOARD_LISTEN": "[::1]:0", "UNDERSTUDY_DASHBOARD_HOSTS": "films.example, Other.example",
        ])
        #expect(settings.host == "::1" && settings.port == 0)
        #expect(settings.hosts == ["films.example", "other.example"])
    }

    @Test(arguments: ["0.0.0.0:8686", "192.0.2.1:1", "[::]:80"])
    func `an address that is reachable from other machines needs a token`(_ address: String) throws {
        let environment = ["UNDERSTUDY_DASHBOARD_LISTEN": address]
        let error = #expect(throws: ServiceError.self) { try settings(environment) }
        #expect(error?.message.contains("UNDERSTUDY_DASHBOARD_TOKEN_FILE") == true)
        let token = ["UNDERSTUDY_DASHBOARD_TOKEN": "secret"]
        #expect(try settings(environment.merging(token) { $1 }).token?.reveal() == "secret")
    }

    @Test(arguments: ["127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1"])
    func `an invalid address is rejected with the name of the variable`(_ address: String) throws {
        let error = #expect(throws: ServiceError.self) { try settings(["UNDERSTUDY_DASHBOARD_LISTEN": address]) }
        #expect(error?.message.hasPrefix("UNDERSTUDY_DASHBOARD_LISTEN: ") == true)
    }

    @Test(arguments: [(2048, 4608, 2048), (2048, 1024, 256), (2048, 100, 16), (10, 100, 10), (2048, 4606, 2047)])
    func `connections are limited by the open files`(_ wanted: Int, _ descriptors: Int, _ expected: Int) {
        #expect(OpenFileLimit.connections(upTo: wanted, descriptors: descriptors) == expected)
        #expect(OpenFileLimit.descriptors(forConnections: 2048) == 4608)
    }
}
