// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct ServiceSettingsTests {
    @Test
    func `a variable out of range is an error that names the variable`() throws {
        let settings = try ServiceSettings(environment: ["UNDERSTUDY_CAPACITY": "many", "HOME": "/h"])
        let error = #expect(throws: ServiceError.self) {
            try settings.int("UNDERSTUDY_CAPACITY", default: 1, in: 1...9)
        }
        #expect(error?.message == "UNDERSTUDY_CAPACITY: expected a whole number from 1 to 9, found \"many\"")
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_DRAIN_S": "-1"]) }
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_LOG_LEVEL": "loud"]) }
        #expect(throws: ServiceError.self) { try ServiceSettings(environment: ["UNDERSTUDY_ALLOW_GIDS": "staff"]) }
    }

    @Test
    func `directories are taken from their variables, then from the XDG variables, then from HOME`() throws {
        #expect(try ServiceSettings(environment: ["HOME": "/h"]).stateDirectory == "/h/.local/state/understudy")
        #expect(
            try ServiceSettings(environment: ["HOME": "/h", "XDG_STATE_HOME": "/x"]).stateDirectory == "/x/understudy")
        let settings = try ServiceSettings(environment: ["UNDERSTUDY_STATE_DIR": "/s", "UNDERSTUDY_ALLOW_GIDS": "5, 6"])
        #expect(settings.store == "file:///s/store")
        #expect(settings.allowedGroups == [5, 6])
        #expect(settings.drainSeconds == 30)
    }
}
