import ServiceLifecycle

/// Removes from the store what an earlier process of the page left behind, once; the store may be unreachable meanwhile.
struct StoreSweep: Service {
    let uploads: Uploads
    let storyboards: GivenStoryboard

    func run() async {
        await uploads.sweepStore()
        await storyboards.sweep()
    }
}
