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
        library("Timebase", []),
        library("Retry", []),
        library("Faults", ["Untrusted"]),
        library("JSON", ["Untrusted"]),
        library("Calls", []),
        library("Secrets", []),
        library("Blocking", []),
        library("JSONRPC", nio + ["Retry", "Calls", "Faults", "JSON", logging, "Untrusted"]),
        library("ServicePool", nio + ["Retry", "Calls", "Faults", "JSON", logging, "JSONRPC", "Untrusted"]),
        library(
            "ServiceKit",
            [
                "Blocking", "Secrets", "Calls", "Faults", "JSON", logging, lifecycle, configuration, unixSignals,
                "JSONRPC", "ServicePool",
                "Untrusted",
            ]),
        library("Contracts", ["Calls", "Faults", "JSON", "Untrusted"]),
        library("Breaker", ["Faults", "Contracts"]),
        library("HTTP", ["CCurl", "Untrusted"]),
        library("Providers", ["Retry", "Secrets", "Calls", "Faults", "JSON", "HTTP", "Untrusted"]),
        library("AWS", ["Retry", "Faults", "HTTP", "Untrusted", crypto, subprocess, systemPackage]),
        library("Artifacts", ["Retry", "Calls", "Faults", "AWS", "CFileSystem", "Untrusted", crypto]),
        library("ImageHeaders", []),
        library(
            "Media",
            ["Timebase", "CFFmpeg", "CEbur128", "CLcms2", "CSonic", "CZimg", "CZlib", "ImageHeaders", "Untrusted"]),
        library("Drawing", ["Faults", "CPango"]),
        library("MediaService", ["Timebase", "Blocking", "Faults", "Media", "Artifacts", "JSONRPC"]),
    ]
        + service(
            "Orchestrator", folder: "orchestrator",
            [
                "Retry", "Timebase",
                "Calls", "Faults", "JSON", "ServiceKit", "ServicePool", "Contracts", "Breaker", "Artifacts", "JSONRPC",
                "Untrusted", grdb, logging,
            ])
        + service(
            "ImageGen", folder: "imagegen",
            [
                "Blocking", "Secrets", "Faults", "JSON",
                "ServiceKit", "Contracts", "Breaker", "Artifacts", "HTTP", "Providers", "ImageHeaders", "Drawing",
                "CPango",
                "JSONRPC", "Untrusted",
                crypto,
                logging,
            ],
            documents: ["README.md", "docs"])
        + service(
            "Clipper", folder: "clipper",
            [
                "Timebase", "Blocking", "Faults", "MediaService", "ServiceKit", "Contracts", "Artifacts", "Media",
                "Drawing",
                "JSONRPC",
            ])
        + service(
            "Stitcher", folder: "stitcher",
            [
                "Retry", "Timebase",
                "Blocking", "Faults", "JSON", "MediaService", "ServiceKit", "Contracts", "Artifacts", "AWS", "Media",
                "JSONRPC",
                logging,
            ])
        + service(
            "EventLogger", folder: "logger",
            ["Retry", "Blocking", "Faults", "JSON", "ServiceKit", "Contracts", "Artifacts", "AWS", "JSONRPC", logging])
        + service(
            "Agent5", folder: "agent5",
            [
                "Timebase", "Secrets",
                "Faults", "JSON",
                "MediaService", "ServiceKit", "Contracts", "Artifacts", "Media", "Providers", "HTTP", "JSONRPC",
                "Untrusted",
                logging,
                subprocess, systemPackage,
            ],
            documents: ["README.md", "docs"])
        + service(
            "Dashboard", folder: "dashboard",
            nio + [
                "Secrets", "Calls", "Faults", "JSON",
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
                "Retry", "Secrets",
                "Calls", "Faults", "JSON",
                "ServiceKit", "ServicePool", "Contracts", "Artifacts", "AWS", "HTTP", "JSONRPC", "Untrusted", arguments,
                logging,
                unixSignals,
                subprocess, systemPackage,
            ],
            resources: [.copy("Sample")])
        + [
            .target(
                name: "StandIns", dependencies: ["JSON"], path: "Tests/StandIns",
                exclude: [
                    "README.md", "standin.py", "aws.py", "credential_order.py", "logs.py", "mediaconvert.py",
                    "metadata.py", "models.py",
                    "openai_images.py", "openai_videos.py", "openstack_swift.py", "picture.py", "replicate.py", "s3.py",
                    "secure.py", "signatures.py",
                ]),
            tests("UntrustedTests", ["Untrusted"]),
            tests("TimebaseTests", ["Timebase"]),
            tests("RetryTests", ["Retry"]),
            tests("FaultsTests", ["Faults", "JSON"]),
            tests("SecretsTests", ["Secrets"]),
            tests("BlockingTests", ["Blocking"]),
            tests("JSONTests", ["JSON"]),
            tests("JSONRPCTests", nio + ["Calls", "Faults", "JSON", "JSONRPC", logging]),
            tests("ServicePoolTests", ["Calls", "Faults", "JSON", "ServicePool", "JSONRPC", logging]),
            tests("ServiceKitTests", ["Secrets", "Faults", "JSON", "ServiceKit", logging]),
            tests("ContractsTests", ["Calls", "Faults", "JSON", "Contracts"]),
            tests("HTTPTests", nio + ["HTTP"]),
            tests("AWSTests", ["Faults", "JSON", "AWS", "HTTP", "StandIns"]),
            tests("ArtifactsTests", ["JSON", "Calls", "Faults", "Artifacts", "AWS", "HTTP", "StandIns"]),
            tests("MediaTests", ["Timebase", "Media", "CFFmpeg"], resources: [.copy("Corpus")]),
            tests(
                "OrchestratorTests",
                [
                    "Faults", "JSON",
                    "Orchestrator", "Contracts", "Breaker", "JSONRPC", "ServicePool", "Untrusted", grdb,
                    logging,
                ]),
            tests(
                "ImageGenTests",
                [
                    "Secrets", "Faults", "JSON",
                    "ImageGen", "Drawing", "ImageHeaders", "Artifacts", "Contracts", "HTTP", "Providers", "StandIns",
                    logging,
                ]),
            tests("EventLoggerTests", ["Faults", "JSON", "EventLogger", "AWS", "Contracts", "ServiceKit"]),
            tests(
                "Agent5Tests",
                [
                    "Secrets", "Calls", "Faults", "JSON", "Agent5", "Artifacts", "Contracts", "HTTP", "JSONRPC",
                    "Providers",
                    "StandIns", logging,
                ]),
            tests("ProvidersTests", ["JSON", "Providers"]),
            tests("UnderstudyTests", ["Faults", "JSON", "Understudy", "Contracts"]),
            tests(
                "StackTests",
                [
                    "Calls", "Faults", "JSON", "StandIns", "ServiceKit", "ServicePool", "JSONRPC", "Contracts",
                    subprocess, systemPackage,
                ],
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
