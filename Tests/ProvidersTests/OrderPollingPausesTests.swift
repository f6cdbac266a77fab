// SPDX-License-Identifier: Apache-2.0

import Calls
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct OrderPollingTests {
    private let start = ContinuousClock.now

    @Test func `pauses grow by half up to the longest, with jitter of a fifth`() throws {
        var polling = OrderPollingPauses(timeout: 1000, first: 1, longest: 2, now: start)
        for range in [0.8...1.2, 1.2...1.8, 1.6...2.4, 1.6...2.4] {
            let pause = polling.nextPause(at: start)
            let seconds = try #require(pause) / .seconds(1)
            #expect(seconds >= range.lowerBound - 1e-9 && seconds <= range.upperBound + 1e-9)
        }
    }

    @Test func `the last pause is cut to the timeout, and there is none after it`() throws {
        var polling = OrderPollingPauses(timeout: 10, first: 1, longest: 2, now: start)
        let last = polling.nextPause(at: start + .milliseconds(9900))
        #expect(try #require(last) <= .milliseconds(100))
        #expect(polling.nextPause(at: start + .seconds(10)) == nil)
        #expect(polling.nextPause(at: start + .seconds(11)) == nil)
    }

    @Test func `a requested pause extends one pause, to at most 30 seconds and the timeout`() throws {
        var polling = OrderPollingPauses(timeout: 1000, first: 1, longest: 2, now: start)
        polling.extendNextPause(toAtLeast: 1e9)
        let pauses = [polling.nextPause(at: start), polling.nextPause(at: start)]
        let requested = try #require(pauses[0])
        #expect(requested >= .milliseconds(23_999) && requested <= .milliseconds(36_001))
        #expect(try #require(pauses[1]) <= .milliseconds(2401))
        polling.extendNextPause(toAtLeast: 20)
        let last = polling.nextPause(at: start + .seconds(999))
        #expect(try #require(last) <= .seconds(1))
    }

    @Test(arguments: [nil, -1, 0, Double.nan] as [Double?])
    func `a requested pause that is not a positive number changes nothing`(_ seconds: Double?) throws {
        var polling = OrderPollingPauses(timeout: 1000, first: 1, longest: 2, now: start)
        polling.extendNextPause(toAtLeast: seconds)
        let next = polling.nextPause(at: start)
        let pause = try #require(next)
        #expect(pause >= .milliseconds(799) && pause <= .milliseconds(1201))
    }

    @Test func `a timeout of any number ends the polling or allows it`() {
        for timeout in [0, -1, -Double.infinity, Double.nan] {
            var polling = OrderPollingPauses(timeout: timeout, first: 1, longest: 2, now: start)
            #expect(polling.nextPause(at: start) == nil, "\(timeout)")
        }
        var endless = OrderPollingPauses(timeout: .infinity, first: 1, longest: 2, now: start)
        #expect(endless.nextPause(at: start) != nil)
    }

    @Test func `rejections in a row are tolerated for the time, and at least three times`() {
        var tolerance = PollErrorTolerance(seconds: 30)
        for seconds in [0, 10, 20, 29] {
            let isExceeded = tolerance.recordRejection(at: start + .seconds(seconds))
            #expect(!isExceeded, "\(seconds)")
        }
        #expect(tolerance.recordRejection(at: start + .seconds(30)) == true)
        var none = PollErrorTolerance(seconds: 0)
        #expect((0..<3).map { _ in none.recordRejection(at: start) } == [false, false, true])
        var eight = PollErrorTolerance(seconds: .nan)
        #expect((0..<8).map { _ in eight.recordRejection(minimum: 8, at: start) }.firstIndex(of: true) == 7)
    }

    @Test func `an answered status request starts the tolerance again`() {
        var tolerance = PollErrorTolerance(seconds: 30)
        for seconds in [0, 10, 20] { _ = tolerance.recordRejection(at: start + .seconds(seconds)) }
        tolerance.recordSuccess()
        for seconds in [31, 40, 60] {
            let isExceeded = tolerance.recordRejection(at: start + .seconds(seconds))
            #expect(!isExceeded, "\(seconds)")
        }
        #expect(tolerance.recordRejection(at: start + .seconds(61)) == true)
    }

    @Test func `a retry waits for the requested time, unless it is too long for a minute or the deadline`() throws {
        #expect(RetryPause.seconds(10) == 10 && RetryPause.seconds(60) == 60)
        for tooLong in [60.1, 1e300, Double.infinity] { #expect(RetryPause.seconds(tooLong) == nil, "\(tooLong)") }
        for requested in [nil, -5, Double.nan] as [Double?] {
            let pause = try #require(RetryPause.seconds(requested))
            #expect((0.25...1).contains(pause))
        }
        CallContext.$current.withValue(CallContext(deadline: .now + .seconds(60))) {
            #expect(RetryPause.seconds(60) == nil)
            #expect(RetryPause.seconds(30) == 30)
        }
    }
}
