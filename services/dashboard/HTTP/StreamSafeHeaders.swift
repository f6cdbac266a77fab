import NIOCore
import NIOHTTP1
import Untrusted

/// Makes the texts of a request's header stream-safe before anything compares them: the header is read before any token.
final class StreamSafeHeaders: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let isPlain = head.uri.isPlain && head.headers.allSatisfy { $0.name.isPlain && $0.value.isPlain }
        if !isPlain {
            head.uri = head.uri.streamSafe
            head.headers = HTTPHeaders(head.headers.map { ($0.name.streamSafe, $0.value.streamSafe) })
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

extension String {
    fileprivate var isPlain: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
