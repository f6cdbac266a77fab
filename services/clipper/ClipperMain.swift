// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

/// The `clipper` service: clips from stills, narrations, conversion and inspection of media files.
package enum ClipperMain {
    /// Runs the service until it is stopped; exits with an error if its settings are invalid.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "clipper", about: "Makes clips from stills and adds narration to clips.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let media = MediaWork(artifacts: artifacts, blocking: context.blocking)
        let methods = ClipperMethods(media: media, price: prices.clip)
        return ServiceApplication(methods: [
            MethodHandler(ClipperAPI.create, methods.create),
            MethodHandler(ClipperAPI.replaceAudio, methods.replaceAudio),
            MethodHandler(ClipperAPI.convert, FilmConverter(media: media).convert),
            MethodHandler(ClipperAPI.probe, ProbeMethod(media: media).probe),
        ])
    }
}
