// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct StoreHealthMonitorTests {
    @Test
    func `a missing folder is checked by its nearest existing parent; buckets are not checked`() {
        #expect(StoreHealthMonitor.problem(of: "file:///tmp/not/there/yet/a%20store") == nil)
        #expect(StoreHealthMonitor.problem(of: "s3://films/prefix") == nil)
    }

    @Test
    func `a store that cannot exist is reported with the reason`() {
        // A folder cannot be created below a file. The stack tests cover full and read-only disks.
        #expect(
            StoreHealthMonitor.problem(of: "file:///etc/passwd/store") == "the store /etc/passwd/store: Not a directory"
        )
    }
}
