import Crypto
import Faults
import FoundationEssentials
import NIOHTTP1

/// What a person sees who is not let in. It stands alone: what it would load is locked too.
enum LockedPage {
    private static let style =
        String(decoding: Page.files["app.css"] ?? [], as: UTF8.self)
        + "main{max-width:42rem;padding-top:12vh}input{display:block;margin-top:.35rem}"

    private static let policy = SafetyHeaders.policy(
        style: "sha256-\(Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString())")

    /// Asks for the token. Whoever enters it comes to the address that was wanted.
    static func entrance(isWrong: Bool) -> WebResponse {
        page(
            "This page is locked",
            """
            \(isWrong ? "<p class=\"failure\" role=\"alert\">That is not the token.</p>" : "")
            <p>It opens with the token that the dashboard was started with: the value of
            <code>UNDERSTUDY_DASHBOARD_TOKEN</code>, or what lies in the file that <code>UNDERSTUDY_DASHBOARD_TOKEN_FILE</code>
            names. This browser has to tell it only once.</p>
            <form class="row"><label>Token
            <input name="token" type="password" autocomplete="current-password" required autofocus></label>
            <button class="main">Open</button></form>
            """)
    }

    /// Says why somebody who asks by another name gets nothing.
    static func stranger(_ error: ServiceError) -> WebResponse {
        page("Nothing is served here", "<p>\(escape(error.message))</p>")
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
