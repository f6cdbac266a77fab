import Artifacts
import Contracts
import ServiceKit

@main
struct ImageGenMain {
    static func main() async {
        await ServiceMain.run("imagegen", about: "Draws a still for a prompt.", capacity: 2) { context, methods in
            let studio = ImageStudio(
                artifacts: Artifacts(), providers: [CardProvider(blocking: context.blocking)])
            methods.handle(ImageGenAPI.generate) { request, call in try await studio.generate(request, call) }
            methods.handle(ImageGenAPI.providers) { _, _ in studio.list() }
        }
    }
}
