/// The files of `Assets/`.
enum Page {
    static let files: [String: [UInt8]] = [
        "api.js": PackageResources.api_js,
        "app.css": PackageResources.app_css,
        "app.js": PackageResources.app_js,
        "drill.js": PackageResources.drill_js,
        "format.js": PackageResources.format_js,
        "icon.svg": PackageResources.icon_svg,
        "index.html": PackageResources.index_html,
        "job.js": PackageResources.job_js,
        "json.js": PackageResources.json_js,
        "list.js": PackageResources.list_js,
        "stack.js": PackageResources.stack_js,
        "start.js": PackageResources.start_js,
        "watch.js": PackageResources.watch_js,
    ]
}
