// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Hashing
import NIOHTTP1

/// The pages for people whose request was refused. They are self-contained: assets would be refused too.
enum LoginPage {
    private static let style =
        String(decoding: Page.files["app.css"] ?? [], as: UTF8.self)
        + "main{max-width:42rem;padding-top:12vh}input{display:block;margin-top:.35rem}"

    private static let policy = SecurityHeaders.policy(
        style: "sha256-\(Data(SHA256.hash(Data(style.utf8))).base64EncodedString())")

    /// A form that asks for the token, and leads back to the requested address.
    ///
    /// - Parameter isWrong: whether a wrong token was entered.
    static func tokenForm(isWrong: Bool) -> WebResponse {
        page(
            "Token required",
            """
            \(isWrong ? "<p class=\"failure\" role=\"alert\">Wrong token.</p>" : "")
            <p>Enter the token of this dashboard: the value of <code>UNDERSTUDY_DASHBOARD_TOKEN</code>, or the content of the file that
            <code>UNDERSTUDY_DASHBOARD_TOKEN_FILE</code> names. This browser stores it.</p>
            <form class="row"><label>Token
            <input name="token" type="password" autocomplete="current-password" required autofocus></label>
            <button class="main">Open</button></form>
            """)
    }

    /// The error of a request with an unknown host name.
    static func unknownHost(_ error: ServiceError) -> WebResponse {
        page("Unknown host name", "<p>\(escape(error.message))</p>")
    }

    private static func page(_ title: String, _ content: String) -> WebResponse {
        let text = """
            <!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark"><title>\(title) – Understudy</title><style>\(style)</style>
            <main><h1>\(title)</h1>
            \(content)</main></html>
            """
        var response = WebResponse.text(text, type: "text/html", status: .unauthorized)
        response.headers.add(name: "Content-Security-Policy", value: policy)
        return response
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
