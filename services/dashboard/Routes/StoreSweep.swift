// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Removes what an earlier dashboard process left in the store, once, in the background: the store may be unreachable.
struct StoreSweep: Service {
    let uploads: Uploads
    let storyboards: OversizedStoryboard

    func run() async {
        await uploads.sweepStore()
        await storyboards.sweepStore()
    }
}
