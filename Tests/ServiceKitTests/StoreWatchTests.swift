import Testing

@testable import ServiceKit

@Suite struct StoreWatchTests {
    @Test("a folder that is not there yet is as good as the one that it will be made in; buckets are not looked at")
    func well() {
        #expect(StoreWatch.problem(of: "file:///tmp/not/there/yet/a%20store") == nil)
        #expect(StoreWatch.problem(of: "s3://films/prefix") == nil)
    }

    @Test("a store that cannot be is named, with the reason")
    func ill() {
        // Below a file nobody can make a folder; full and read-only disks are met in the stack test.
        #expect(StoreWatch.problem(of: "file:///etc/passwd/store") == "the store /etc/passwd/store: Not a directory")
    }
}
