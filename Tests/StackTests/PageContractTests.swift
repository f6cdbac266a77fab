// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The page's HTTP API, compared with `services/dashboard/openapi.json` by fixed and by generated requests.
@Suite(.serialized, .timeLimit(.minutes(6))) struct PageContractTests {
    @Test
    func `every response is one that openapi.json describes, and invalid requests are rejected`() async throws {
        // With a token, since only then there are the page for its input and the redirection.
        try await PageFixture.with(["UNDERSTUDY_DASHBOARD_TOKEN": "of-the-test"]) { page in
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let python = tests.deletingLastPathComponent().appending(path: ".venv/bin/python").path
            let check = try await Program.run(
                python, ["-B", "\(tests.path)/OpenAPI/check.py", page.url, "--token", "of-the-test"])
            #expect(check.status == 0, "\(check.output)\(check.errors)")
        }
    }
}
