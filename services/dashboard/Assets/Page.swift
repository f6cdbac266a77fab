// SPDX-License-Identifier: Apache-2.0

/// The page's files in `Assets/`, as they are embedded in the executable.
enum Page {
    /// The bytes of each file, by its name. A new file is listed in `Package.swift` too.
    static let files: [String: [UInt8]] = [
        "agents.js": PackageResources.agents_js,
        "api.js": PackageResources.api_js,
        "app.css": PackageResources.app_css,
        "app.js": PackageResources.app_js,
        "drill.js": PackageResources.drill_js,
        "files.js": PackageResources.files_js,
        "film.js": PackageResources.film_js,
        "format.js": PackageResources.format_js,
        "icon.svg": PackageResources.icon_svg,
        "index.html": PackageResources.index_html,
        "job.js": PackageResources.job_js,
        "json.js": PackageResources.json_js,
        "list.js": PackageResources.list_js,
        "narrations.js": PackageResources.narrations_js,
        "options.js": PackageResources.options_js,
        "receipt.js": PackageResources.receipt_js,
        "stack.js": PackageResources.stack_js,
        "start.js": PackageResources.start_js,
        "strip.js": PackageResources.strip_js,
        "takeover.js": PackageResources.takeover_js,
        "verdict.js": PackageResources.verdict_js,
        "watch.js": PackageResources.watch_js,
    ]
}
