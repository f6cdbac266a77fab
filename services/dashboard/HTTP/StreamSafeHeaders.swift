// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Untrusted

/// Brings the texts of a request's header into stream-safe form before anything compares them: the header is read before any token
/// is checked.
final class StreamSafeHeaders: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let isASCII = head.uri.isASCII && head.headers.allSatisfy { $0.name.isASCII && $0.value.isASCII }
        if !isASCII {
            head.uri = head.uri.streamSafe
            head.headers = HTTPHeaders(head.headers.map { ($0.name.streamSafe, $0.value.streamSafe) })
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

extension String {
    fileprivate var isASCII: Bool { utf8.allSatisfy { $0 < 0x80 } }
}
