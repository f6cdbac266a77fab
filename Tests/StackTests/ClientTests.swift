// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServicePool
import TestSupport
import Testing

/// The tests of the clients for other languages, against a running stack.
@Suite(.serialized, .timeLimit(.minutes(6))) struct ClientTests {
    private static let clients = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../clients")
        .standardized.path

    /// Runs a script with a running stack whose lead has no provider.
    private func run(_ script: String) async throws -> Program.Exit {
        try await LiveStack.with(script: nil) { stack in
            let variables = [
                "UNDERSTUDY_CLIENT_STACK": stack.runDirectory.path, "CLIENTS": Self.clients, "FOLDER": stack.folder,
                "PROGRAMS": Program.folder, "PYTHONDONTWRITEBYTECODE": "1",
            ]
            return try await Program.run(
                "/bin/sh", ["-ec", script], environment: stack.environment.merging(variables) { _, own in own })
        }
    }

    @Test
    func `the Python client passes its tests, and its documented programs make films`() async throws {
        let exit = try await run("exec python3 -m unittest discover -s $CLIENTS/python/tests -t $CLIENTS/python")
        #expect(exit.status == 0 && exit.errors.contains("OK") && !exit.errors.contains("skipped"), "\(exit.errors)")
    }

    @Test
    func `the TypeScript client compiles, passes its tests, and its documented program makes a film`() async throws {
        // The compiler writes beside the sources.
        let exit = try await run(
            """
            mkdir "$FOLDER/copy"
            cd "$CLIENTS/.."
            cp -r --parents clients/typescript scripts services/*/openrpc.json "$FOLDER/copy"
            cd "$FOLDER/copy/clients/typescript"
            rm -rf dist
            tsc --project .
            tsc --project tests
            export UNDERSTUDY_CLIENT_STACK="$PROGRAMS/understudy"
            exec node --test tests/*.test.mjs
            """)
        #expect(exit.status == 0 && exit.output.contains("# skipped 0"), "\(exit.output)\(exit.errors)")
    }
}
