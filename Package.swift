// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
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
    _ name: String, folder: String, _ dependencies: [Target.Dependency],
    documents: [String] = ["README.md", "openrpc.json"],
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
/// modules that are compiled for tests too name only the shared libraries. They export no symbols: nothing loads them.
let selfContained: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib", "-use-ld=lld", "-Xlinker", "--no-export-dynamic"])]
    + ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections"].map { .linkedLibrary($0) }

func tests(
    _ name: String, _ dependencies: [Target.Dependency], recordings: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: recordings, resources: resources)
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
    // Exact versions, so that a new release changes nothing by itself. CONTRIBUTING.md says how to raise one.
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libswresample libavutil"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CPango", pkgConfig: "pangocairo"),
        .systemLibrary(name: "CPng", pkgConfig: "libpng"),
        .systemLibrary(name: "CEbur128", pkgConfig: "libebur128"),
        .systemLibrary(name: "CLcms2", pkgConfig: "lcms2"),
        .systemLibrary(name: "CZimg", pkgConfig: "zimg"),
        .systemLibrary(name: "CSonic"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CFileSystem"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),

        library("Untrusted", []),
        library("Faults", ["Untrusted"]),
        library("JSON", ["Untrusted"]),
        library("Calls", ["JSON"]),
        library("Secrets", []),
        library("Blocking", []),
        library("Timebase", []),
        library("Retry", []),
        library("Parameters", ["Faults", "JSON"]),
        library("JSONRPC", nio + ["Untrusted", "Faults", "JSON", "Calls", "Retry", logging]),
        library("ServicePool", nio + ["Untrusted", "Faults", "JSON", "Calls", "Retry", "JSONRPC", logging]),
        library("Contracts", ["Untrusted", "Faults", "JSON", "Calls", "Parameters"]),
        library("Tap", nio + ["Untrusted", "Faults", "JSON", "Calls", "JSONRPC", "Contracts", logging]),
        library(
            "ServiceKit",
            [
                "Untrusted", "Faults", "JSON", "Calls", "Secrets", "Blocking", "Parameters", "JSONRPC", "ServicePool",
                "Tap", configuration, logging, lifecycle, unixSignals,
            ]),
        library("JobFiles", ["Faults", "Parameters", "Contracts"]),
        library("Prices", ["Faults", "JSON", "Contracts"]),
        library("Breaker", ["Faults", "ServiceKit", "Contracts"]),
        library("Hashing", ["CCrypto"]),
        library("HTTP", ["CCurl", "Untrusted"]),
        library("Providers", ["Untrusted", "Faults", "JSON", "Calls", "Secrets", "Retry", "HTTP"]),
        library("AWS", ["Untrusted", "Faults", "Retry", "Hashing", "HTTP", subprocess, systemPackage]),
        library("Artifacts", ["CFileSystem", "Untrusted", "Faults", "Calls", "Retry", "AWS", "Hashing"]),
        library("ImageHeaders", []),
        library(
            "Media",
            [
                "CFFmpeg", "CPango", "CEbur128", "CLcms2", "CZimg", "CSonic", "CZlib", "Untrusted", "Timebase",
                "ImageHeaders",
            ]),
        library("Drawing", ["CPango", "CPng", "Faults"]),
        library(
            "MediaService",
            [
                "Faults", "Blocking", "Timebase", "Parameters", "JSONRPC", "ServiceKit", "Contracts", "Artifacts",
                "Media",
            ]),
    ]
        + service(
            "Orchestrator", folder: "orchestrator",
            [
                "CZlib", "Untrusted", "Faults", "JSON", "Calls", "Timebase", "Retry", "Parameters", "JSONRPC",
                "ServicePool", "ServiceKit", "Contracts", "JobFiles", "Prices", "Breaker", "Artifacts", grdb, logging,
                lifecycle,
            ])
        + service(
            "ImageGen", folder: "imagegen",
            [
                "CPango", "Untrusted", "Faults", "JSON", "Calls", "Secrets", "Blocking", "Parameters", "JSONRPC",
                "ServiceKit", "Contracts", "Prices", "Breaker", "HTTP", "Providers", "Artifacts", "ImageHeaders",
                "Drawing", "Hashing", logging,
            ],
            documents: ["README.md", "openrpc.json", "docs"])
        + service(
            "Clipper", folder: "clipper",
            [
                "Faults", "Blocking", "Timebase", "JSONRPC", "ServiceKit", "Contracts", "Prices", "Artifacts", "Media",
                "Drawing", "MediaService",
            ])
        + service(
            "Stitcher", folder: "stitcher",
            [
                "Faults", "JSON", "Blocking", "Timebase", "Retry", "Parameters", "JSONRPC", "ServiceKit", "Contracts",
                "Prices", "AWS", "Artifacts", "Media", "MediaService", logging,
            ])
        + service(
            "EventLogger", folder: "logger",
            [
                "CZlib", "Faults", "JSON", "Blocking", "Retry", "Parameters", "JSONRPC", "ServiceKit", "Contracts",
                "AWS", "Artifacts", logging, lifecycle,
            ])
        + service(
            "Agent5", folder: "agent5",
            [
                "Untrusted", "Faults", "JSON", "Secrets", "Timebase", "Parameters", "JSONRPC", "ServiceKit",
                "Contracts", "Prices", "HTTP", "Providers", "Artifacts", "Media", "MediaService", logging, subprocess,
                systemPackage,
            ],
            documents: ["README.md", "openrpc.json", "docs"])
        + service(
            "Dashboard", folder: "dashboard",
            nio + [
                "CZlib", "Untrusted", "Faults", "JSON", "Calls", "Secrets", "Parameters", "JSONRPC", "ServicePool",
                "ServiceKit", "Contracts", "JobFiles", "Artifacts", "Hashing", logging,
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOWebSocket", package: "swift-nio"),
                lifecycle, subprocess, systemPackage,
            ],
            documents: ["README.md", "docs", "openapi.json"],
            resources: [
                "agents.js", "api.js", "app.css", "app.js", "drill.js", "files.js", "film.js", "format.js", "icon.svg",
                "index.html", "job.js", "json.js", "list.js", "narrations.js", "options.js", "receipt.js", "stack.js",
                "start.js", "strip.js", "takeover.js", "verdict.js", "watch.js",
            ].map { .embedInCode("Assets/\($0)") })
        + service(
            "Understudy", folder: "understudy",
            [
                "Untrusted", "Faults", "JSON", "Calls", "Secrets", "Retry", "JSONRPC", "ServicePool", "Tap",
                "ServiceKit",
                "Contracts", "JobFiles", "HTTP", "AWS", "Artifacts", arguments, logging, subprocess, systemPackage,
                unixSignals,
            ],
            documents: ["README.md"], resources: [.copy("Sample")])
        + [
            .executableTarget(
                name: "wire-bench", dependencies: ["Faults", "Calls", "JSONRPC", "ServiceKit"],
                path: "Benchmarks/Wire/Typed",
                linkerSettings: selfContained),
            .target(name: "TestSupport", path: "Tests/Support"),
            .target(
                name: "StandIns", dependencies: ["JSON", "TestSupport"], path: "Tests/StandIns",
                exclude: [
                    "README.md", "standin.py", "aws.py", "credential_order.py", "host.py", "logs.py", "mediaconvert.py",
                    "metadata.py", "models.py", "moto_services.py",
                    "openai_images.py", "openai_videos.py", "openstack_swift.py", "picture.py", "replicate.py", "s3.py",
                    "secure.py", "signatures.py",
                ]),
            tests("UntrustedTests", ["Untrusted"]),
            tests("TimebaseTests", ["Timebase", "TestSupport"]),
            tests("RetryTests", ["Retry"]),
            tests("FaultsTests", ["Faults", "JSON"]),
            tests("SecretsTests", ["Secrets"]),
            tests("BlockingTests", ["Blocking", "TestSupport"]),
            tests("JSONTests", ["JSON"]),
            tests(
                "JSONRPCTests",
                nio + [
                    "Faults", "JSON", "Calls", "JSONRPC", "TestSupport", logging,
                ]),
            tests(
                "TapTests", ["Faults", "JSON", "JSONRPC", "Contracts", "Tap", "TestSupport", logging]),
            tests("ServicePoolTests", ["Faults", "Calls", "JSONRPC", "ServicePool", "TestSupport", logging]),
            tests(
                "ServiceKitTests",
                [
                    "Faults", "JSON", "Calls", "Secrets", "JSONRPC", "ServicePool", "ServiceKit", "TestSupport",
                    logging, lifecycle,
                ]),
            tests("ParametersTests", ["Faults", "JSON", "Parameters"]),
            tests("JobFilesTests", ["Faults", "Contracts", "JobFiles"]),
            tests("PricesTests", ["Faults", "JSON", "Contracts", "Prices", "TestSupport"]),
            tests("ContractsTests", ["Faults", "JSON", "Calls", "Parameters", "ServiceKit", "Contracts", "StandIns"]),
            tests("HashingTests", ["Hashing"]),
            tests("HTTPTests", nio + ["HTTP", "TestSupport"]),
            tests("AWSTests", ["Faults", "JSON", "HTTP", "AWS", "StandIns", "TestSupport"]),
            tests(
                "ArtifactsTests", ["Faults", "JSON", "Calls", "HTTP", "AWS", "Artifacts", "StandIns", "TestSupport"]),
            tests("MediaTests", ["CFFmpeg", "Timebase", "Media", "TestSupport"], resources: [.copy("Corpus")]),
            tests("DrawingTests", ["CPango", "Faults", "Drawing", "TestSupport"]),
            tests(
                "MediaServiceTests",
                ["Faults", "Blocking", "Timebase", "Artifacts", "Media", "MediaService", "TestSupport"]),
            tests(
                "ClipperTests",
                [
                    "Faults", "Calls", "Blocking", "Timebase", "Parameters", "JSONRPC", "Contracts", "Artifacts",
                    "Media",
                    "Drawing", "MediaService", "Clipper", "TestSupport",
                ]),
            tests(
                "StitcherTests",
                [
                    "Faults", "JSON", "Calls", "Blocking", "Timebase", "JSONRPC", "ServiceKit", "Contracts", "AWS",
                    "Artifacts", "Media", "Drawing", "MediaService", "Stitcher", "TestSupport", logging,
                ]),
            tests(
                "OrchestratorTests",
                [
                    "Untrusted", "Faults", "JSON", "Parameters", "JSONRPC", "ServicePool", "ServiceKit", "Contracts",
                    "Breaker", "Orchestrator", "StandIns", "TestSupport", grdb, logging,
                ],
                resources: [.copy("Golden"), .copy("Journals")]),
            tests(
                "ImageGenTests",
                [
                    "Faults", "JSON", "Calls", "Secrets", "JSONRPC", "ServiceKit", "Contracts", "Prices", "Breaker",
                    "HTTP", "Providers", "Artifacts", "ImageHeaders", "Drawing", "ImageGen", "StandIns", "TestSupport",
                    logging,
                ]),
            tests(
                "EventLoggerTests",
                ["Faults", "JSON", "Parameters", "ServiceKit", "Contracts", "AWS", "EventLogger", "TestSupport"]),
            tests(
                "Agent5Tests",
                [
                    "Faults", "JSON", "Calls", "Secrets", "JSONRPC", "Contracts", "Prices", "HTTP", "Providers",
                    "Artifacts", "Agent5", "StandIns", "TestSupport", logging,
                ]),
            tests("ProvidersTests", ["Faults", "JSON", "Calls", "HTTP", "Providers"]),
            tests(
                "DashboardTests",
                [
                    "Faults", "JSON", "Secrets", "ServicePool", "ServiceKit", "Contracts", "Artifacts", "Dashboard",
                    logging,
                    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                ]),
            tests(
                "UnderstudyTests",
                ["Faults", "JSON", "ServicePool", "Tap", "Contracts", "Understudy", "TestSupport"]),
            tests(
                "StackTests",
                [
                    "Faults", "JSON", "Calls", "JSONRPC", "ServicePool", "ServiceKit", "Contracts", "StandIns",
                    "TestSupport", subprocess, systemPackage,
                ],
                recordings: ["Golden"], resources: [.copy("Conformance"), .copy("Hostile"), .copy("Player")]),
        ],
    swiftLanguageModes: [.v6]
)

// `make demo` builds what it runs: no page, no tests.
if Context.environment["UNDERSTUDY_BUILD"] == "demo" {
    let omitted = ["Dashboard", "DashboardProgram", "StandIns", "TestSupport", "wire-bench"]
    package.targets.removeAll { $0.type == .test || omitted.contains($0.name) }
    package.products.removeAll { $0.name == "dashboard" }
}

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
