// swift-tools-version: 6.2
import PackageDescription

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")

/// A library below `Sources/`.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies)
}

/// A service below `services/`: a library with all of it, which tests import, and the executable of its folder `Main`.
///
/// - Parameter documents: what of its folder is documentation.
func service(
    _ name: String, folder: String, _ dependencies: [Target.Dependency], documents: [String] = ["README.md"],
    resources: [Resource] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: dependencies, path: "services/\(folder)", exclude: documents + ["Main"],
            resources: resources),
        .executableTarget(
            name: "\(name)Program", dependencies: [.byName(name: name)], path: "services/\(folder)/Main",
            linkerSettings: selfContained),
    ]
}

/// Executables hold the Swift runtime, or what they use of it, and run where there is none. What it is made of is named here, since
/// modules that are compiled for tests too name only the shared libraries.
let selfContained: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib", "-use-ld=lld"])]
    + ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections"].map { .linkedLibrary($0) }

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources)
}

let package = Package(
    name: "understudy",
    products: [
        .executable(name: "orchestrator", targets: ["OrchestratorProgram"]),
        .executable(name: "imagegen", targets: ["ImageGenProgram"]),
        .executable(name: "clipper", targets: ["ClipperProgram"]),
        .executable(name: "stitcher", targets: ["StitcherProgram"]),
        .executable(name: "logger", targets: ["EventLoggerProgram"]),
        .executable(name: "agent5", targets: ["Agent5Program"]),
        .executable(name: "dashboard", targets: ["DashboardProgram"]),
        .executable(name: "understudy", targets: ["UnderstudyProgram"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libswresample libavutil"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CPango", pkgConfig: "pangocairo"),
        .systemLibrary(name: "CEbur128", pkgConfig: "libebur128"),
        .systemLibrary(name: "CLcms2", pkgConfig: "lcms2"),
        .systemLibrary(name: "CZimg", pkgConfig: "zimg"),
        .systemLibrary(name: "CSonic"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CFileSystem"),

        library("Untrusted", []),
        library("JSONRPC", nio + [logging, "Untrusted"]),
        library("ServicePool", nio + [logging, "JSONRPC", "Untrusted"]),
        library(
            "ServiceKit",
            nio + [logging, lifecycle, configuration, unixSignals, "JSONRPC", "ServicePool", "Untrusted"]),
        library("Contracts", ["JSONRPC", "Untrusted"]),
        library("Breaker", ["Contracts", "JSONRPC"]),
        library("HTTP", ["CCurl", "Untrusted", logging]),
        library("Providers", ["HTTP", "ServiceKit", "JSONRPC", "Untrusted"]),
        library("AWS", ["HTTP", "Untrusted", crypto, subprocess, systemPackage]),
        library("Artifacts", ["AWS", "CFileSystem", "JSONRPC", "Untrusted", crypto]),
        library("ImageHeaders", []),
        library(
            "Media",
            ["CFFmpeg", "CEbur128", "CLcms2", "CSonic", "CZimg", "CZlib", "ImageHeaders", "Untrusted"]),
        library("Drawing", ["CPango", "JSONRPC"]),
        library("MediaService", ["Media", "Artifacts", "ServiceKit", "JSONRPC"]),
    ]
        + service(
            "Orchestrator", folder: "orchestrator",
            ["ServiceKit", "ServicePool", "Contracts", "Breaker", "Artifacts", "JSONRPC", "Untrusted", grdb, logging])
        + service(
            "ImageGen", folder: "imagegen",
            [
                "ServiceKit", "Contracts", "Breaker", "Artifacts", "HTTP", "Providers", "ImageHeaders", "Drawing",
                "CPango",
                "JSONRPC", "Untrusted",
                crypto,
                logging,
            ],
            documents: ["README.md", "docs"])
        + service(
            "Clipper", folder: "clipper",
            ["MediaService", "ServiceKit", "Contracts", "Artifacts", "Media", "Drawing", "JSONRPC"])
        + service(
            "Stitcher", folder: "stitcher",
            ["MediaService", "ServiceKit", "Contracts", "Artifacts", "AWS", "Media", "JSONRPC", logging])
        + service(
            "EventLogger", folder: "logger", ["ServiceKit", "Contracts", "Artifacts", "AWS", "JSONRPC", logging])
        + service(
            "Agent5", folder: "agent5",
            [
                "MediaService", "ServiceKit", "Contracts", "Artifacts", "Media", "Providers", "HTTP", "JSONRPC",
                "Untrusted",
                logging,
                subprocess, systemPackage,
            ],
            documents: ["README.md", "docs"])
        + service(
            "Dashboard", folder: "dashboard",
            nio + [
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio"),
                "ServiceKit", "ServicePool", "Contracts", "Artifacts", "JSONRPC", "Untrusted", "CZlib", crypto, logging,
                subprocess, systemPackage,
            ],
            documents: ["README.md", "docs"],
            resources: [
                "agents.js", "api.js", "app.css", "app.js", "drill.js", "files.js", "film.js", "format.js", "icon.svg",
                "index.html", "job.js", "json.js", "list.js", "narrations.js", "options.js", "receipt.js", "stack.js",
                "start.js", "strip.js", "takeover.js", "verdict.js", "watch.js",
            ].map { .embedInCode("Assets/\($0)") })
        + service(
            "Understudy", folder: "understudy",
            [
                "ServiceKit", "ServicePool", "Contracts", "Artifacts", "AWS", "HTTP", "JSONRPC", "Untrusted", arguments,
                logging,
                unixSignals,
                subprocess, systemPackage,
            ],
            resources: [.copy("Sample")])
        + [
            .target(
                name: "StandIns", dependencies: ["JSONRPC"], path: "Tests/StandIns",
                exclude: [
                    "README.md", "standin.py", "aws.py", "credential_order.py", "logs.py", "mediaconvert.py",
                    "metadata.py", "models.py",
                    "openai_images.py", "openai_videos.py", "openstack_swift.py", "picture.py", "replicate.py", "s3.py",
                    "secure.py", "signatures.py",
                ]),
            tests("UntrustedTests", ["Untrusted"]),
            tests("JSONRPCTests", nio + ["JSONRPC", logging]),
            tests("ServicePoolTests", nio + ["ServicePool", "JSONRPC", logging]),
            tests("ServiceKitTests", ["ServiceKit", "JSONRPC", logging]),
            tests("ContractsTests", ["Contracts", "JSONRPC"]),
            tests("HTTPTests", nio + ["HTTP"]),
            tests("AWSTests", ["AWS", "HTTP", "JSONRPC", "StandIns"]),
            tests("ArtifactsTests", ["Artifacts", "AWS", "HTTP", "JSONRPC", "StandIns"]),
            tests("MediaTests", ["Media", "CFFmpeg"], resources: [.copy("Corpus")]),
            tests(
                "OrchestratorTests",
                [
                    "Orchestrator", "Contracts", "Breaker", "JSONRPC", "Artifacts", "ServicePool", "Untrusted", grdb,
                    logging,
                ],
                resources: [.copy("Golden")]),
            tests(
                "ImageGenTests",
                [
                    "ImageGen", "Drawing", "Artifacts", "Contracts", "HTTP", "Providers", "JSONRPC", "StandIns",
                    "ServiceKit", logging,
                ]),
            tests("EventLoggerTests", ["EventLogger", "AWS", "Contracts", "JSONRPC", "ServiceKit"]),
            tests(
                "Agent5Tests",
                ["Agent5", "Artifacts", "Contracts", "HTTP", "JSONRPC", "Providers", "ServiceKit", "StandIns", logging]),
            tests("ProvidersTests", ["Providers", "JSONRPC"]),
            tests("UnderstudyTests", ["Understudy", "Contracts", "JSONRPC", "Untrusted"]),
            tests(
                "StackTests",
                ["StandIns", "ServiceKit", "ServicePool", "JSONRPC", "Contracts", subprocess, systemPackage],
                resources: [.copy("Player"), .copy("Hostile")]),
        ],
    swiftLanguageModes: [.v6]
)

// One place for every target's settings. In CI a warning is an error.
for target in package.targets where target.type != .system {
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
    if Context.environment["CI"] != nil {
        settings.append(.treatAllWarnings(as: .error))
    }
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
