import Testing

@testable import ServiceKit

@Suite struct StoreWatchTests {
    @Test("a folder that is not there yet is as good as the one that it will be made in; buckets are not looked at")
    func well() {
        #expect(StoreWatch.problem(of: "file:///tmp/not/there/yet/a%20store") == nil)
        #expect(StoreWatch.problem(of: "s3://films/prefix") == nil)
    }

    @Test("a store that cannot be written is named, with what to do")
    func ill() throws {
        // The kernel's own read-only file system of every machine's control groups, or /proc, where nobody may make files.
        let problem = StoreWatch.problem(of: "file:///proc/1/attr/store")
        #expect(try #require(problem).hasPrefix("the store /proc"))
    }
}
