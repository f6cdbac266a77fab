// SPDX-License-Identifier: Apache-2.0

import Calls
import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct MediaMethodTests {
    @Test
    func `every method that reads or writes media has a stall timeout and names the media`() {
        func check<P, R>(_ method: Method<P, R>) {
            #expect(method.stallTimeout == RenderBounds.stall && method.media != nil, "\(method.name)")
        }
        check(ClipperAPI.create)
        check(ClipperAPI.replaceAudio)
        check(ClipperAPI.convert)
        check(ClipperAPI.probe)
        check(StitcherAPI.stitch)
    }

    @Test
    func `methods whose parameters grow with the storyboard have a larger request limit`() {
        let limits = [
            AgentAPI.process.requestLimit, StitcherAPI.stitch.requestLimit, ClipperAPI.probe.requestLimit,
        ]
        #expect(limits.allSatisfy { ($0 ?? 0) >= 2 * StoryboardBounds.bytes })
    }
}
