// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import JSON
import ServicePool
import TestSupport
import Testing

/// Understudy without its sources: installed, as a Debian package, and as systemd units.
@Suite(.serialized, .timeLimit(.minutes(5))) struct InstallationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let nobody = 65_534

    /// Runs `body` with a folder that other users may enter, and removes the folder.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = TemporaryPath.new()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        chmod(folder, 0o755)
        try await body(folder)
    }

    /// Runs `scripts/install.sh`, which must succeed.
    ///
    /// - Parameters:
    ///   - prefix: `PREFIX`.
    ///   - root: `DESTDIR`.
    private func install(_ arguments: [String], prefix: String, within root: String = "") async throws {
        let made = try await Program.run(
            "/bin/bash", ["-c", "umask 022 && exec \"$0\" \"$@\"", "\(Self.root)/scripts/install.sh"] + arguments,
            environment: ["PREFIX": prefix, "DESTDIR": root])
        try #require(made.status == 0, "\(made.errors)")
    }

    /// The paths of all files below a folder, relative to it.
    private func files(in folder: String) -> [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: folder))?.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\($0)", isDirectory: &isFolder)
                && !isFolder.boolValue
        } ?? []
    }

    /// Runs a program as an unprivileged user, with an environment of `PATH` and `HOME` only.
    private func runUnprivileged(_ program: String, _ arguments: [String], home: String) async throws -> Program.Exit {
        let user = getuid() == 0 ? ["--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups"] : []
        return try await Program.run(
            "/usr/bin/env",
            ["-i", "PATH=/usr/bin:/bin", "HOME=\(home)", "/usr/bin/setpriv"] + user + [program] + arguments)
    }

    @Test
    func `the installed programs need no toolchain, make the demo's film as any user, and can be uninstalled`()
        async throws
    {
        try await withFolder { folder in
            let stage = "\(folder)/stage"
            try await install([], prefix: "/opt/films", within: stage)
            let prefix = "\(stage)/opt/films"
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(prefix)/bin") == ["understudy"])
            for name in [
                "orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard", "understudy",
            ] {
                let linked = try await Program.run("/usr/bin/ldd", ["\(prefix)/libexec/understudy/\(name)"])
                #expect(
                    linked.status == 0 && !linked.output.contains("not found") && !linked.output.contains("/swift/")
                        && !linked.output.contains("libswift") && !linked.output.contains("libFoundation"),
                    "\(linked.output)")
                let isMedia = ["clipper", "stitcher", "agent5"].contains(name)
                #expect(linked.output.contains("libavcodec") == isMedia, "\(name): \(linked.output)")
            }
            let home = "\(folder)/home"
            try FileManager.default.createDirectory(
                atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
            chmod(home, 0o777)
            let demo = try await runUnprivileged(
                "\(prefix)/bin/understudy", ["demo", "--store", "\(home)/store"], home: home)
            #expect(demo.status == 0, "\(demo.errors)")
            let film = "\(home)/store/scaffold_test/demo/lighthouse/agent5/final.mp4"
            let complaints = try await FilmInspection.decodingErrors(film)
            #expect(complaints.isEmpty, "\(complaints)")

            let pages = files(in: "\(prefix)/share/man/man1")
            #expect(pages.contains("understudy.1.gz") && pages.contains("understudy-drill.1.gz") && pages.count > 15)
            for page in pages {
                let read = try await Program.run(
                    "/bin/sh", ["-c", "zcat \(prefix)/share/man/man1/\(page) | groff -man -Tutf8 -ww -P-cbou"])
                #expect(read.errors.isEmpty && read.output.contains("SYNOPSIS"), "\(page): \(read.errors)")
            }
            let bash = try await Program.run(
                "/bin/bash",
                [
                    "-c",
                    """
                    . \(prefix)/share/bash-completion/completions/understudy && COMP_WORDS=(understudy dri) COMP_CWORD=1 \
                    COMP_LINE='understudy dri' COMP_POINT=14 && _understudy understudy dri understudy && echo "${COMPREPLY[@]}"
                    """,
                ])
            #expect(bash.output.contains("drill"), "\(bash.errors)")
            try await install(["uninstall"], prefix: "/opt/films", within: stage)
            #expect(files(in: stage).isEmpty)
        }
    }

    @Test
    func `the Debian package is reproducible, declares its dependencies, and leaves only its settings`() async throws {
        try await withFolder { folder in
            var digests: [String] = []
            var package = ""
            for (name, mask, zone) in [("one", "022", "UTC"), ("two", "077", "Asia/Tokyo")] {
                let made = try await Program.run(
                    "/bin/bash",
                    ["-c", "umask \(mask); exec \"$0\" \"$1\"", "\(Self.root)/scripts/deb.sh", "\(folder)/\(name)"],
                    environment: [
                        "DPKG_DEB_COMPRESSOR_LEVEL": "1", "TZ": zone, "LC_ALL": mask == "022" ? "C" : "C.UTF-8",
                    ])
                try #require(made.status == 0, "\(made.errors)")
                package = made.output.trimmingCharacters(in: .newlines)
                digests.append(try await Program.run("/usr/bin/sha256sum", [package]).output.prefix(64).description)
            }
            #expect(digests[0] == digests[1])
            let fields = try await Program.run("/usr/bin/dpkg-deb", ["--field", package]).output
            for library in ["libavformat59", "libcurl4", "libpango-1.0-0", "libsqlite3-0", "fonts-noto-core"] {
                #expect(fields.contains(library), "\(fields)")
            }
            // The size does not depend on the file system: each file is rounded up to a KiB.
            let listed = try await Program.run("/usr/bin/dpkg-deb", ["--contents", package]).output
            let sizes = listed.split(separator: "\n").map { line in
                line.first == "-" ? (Int(line.split(separator: " ")[2]) ?? 0) : 1
            }
            let kibibytes = sizes.reduce(0) { $0 + ($1 + 1023) / 1024 }
            #expect(fields.contains("Installed-Size: \(kibibytes)\n"), "\(fields)")
            let system = "\(folder)/system"
            try FileManager.default.createDirectory(
                atPath: "\(system)/var/lib/dpkg/updates", withIntermediateDirectories: true)
            for file in ["status", "available"] {
                try Data().write(to: URL(filePath: "\(system)/var/lib/dpkg/\(file)"))
            }
            func dpkg(_ arguments: String...) async throws -> Program.Exit {
                try await Program.run(
                    "/usr/bin/dpkg",
                    ["--root=\(system)", "--force-depends", "--force-not-root", "--log=/dev/null"] + arguments)
            }
            let installed = try await dpkg("--install", package)
            #expect(installed.status == 0, "\(installed.errors)")
            let commands = files(in: "\(system)/usr/bin")
            #expect(commands == ["understudy"] && !FileManager.default.fileExists(atPath: "\(system)/usr/bin/logger"))
            let version = try await runUnprivileged("\(system)/usr/bin/understudy", ["--version"], home: "/")
            #expect(
                version.status == 0
                    && fields.contains(
                        "Version: \(version.output.split(separator: " ").last?.trimmingCharacters(in: .newlines) ?? "?")"
                    ))
            #expect(try await dpkg("--remove", "understudy").status == 0)
            #expect(files(in: system).filter { !$0.hasPrefix("var/lib/dpkg") } == ["etc/understudy/understudy.env"])
            #expect(try await dpkg("--purge", "understudy").status == 0)
            #expect(files(in: system).allSatisfy { $0.hasPrefix("var/lib/dpkg") })
        }
    }

    @Test
    func `systemd accepts the units, and services that are started like the units make a film`() async throws {
        try await withFolder { folder in
            try await install([], prefix: folder)
            let units = "\(folder)/lib/systemd/system"
            let names = [
                "orchestrator", "logger", "agent5", "dashboard", "imagegen@1", "clipper@1", "clipper@2", "stitcher@1",
            ]
            let environment = ["SYSTEMD_UNIT_PATH": "\(units):"]
            let verified = try await Program.run(
                "/usr/bin/systemd-analyze",
                ["verify", "--man=no", "\(units)/understudy.target"] + names.map { "understudy-\($0).service" },
                environment: environment)
            #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.errors)")
            let security = try await Program.run(
                "/usr/bin/systemd-analyze",
                ["security", "--offline=yes", "--threshold=20", "--no-pager"]
                    + names.map { "understudy-\($0).service" },
                environment: environment)
            #expect(security.status == 0, "\(security.output.suffix(300))")

            let user = getuid() == 0 ? ["--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups"] : []
            for name in ["run", "state", "cache"] {
                let path = "\(folder)/\(name)/understudy"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                chmod("\(folder)/\(name)", 0o755)
                chmod(path, 0o750)
                if getuid() == 0 { chown(path, uid_t(Self.nobody), gid_t(Self.nobody)) }
            }
            let common = try String(contentsOfFile: "\(units)/understudy-.service.d/10-common.conf", encoding: .utf8)
            var running: [Program] = []
            defer { for service in running { service.signal(SIGTERM) } }
            for name in names {
                let parts = name.split(separator: "@")
                let file = parts.count == 2 ? "understudy-\(parts[0])@.service" : "understudy-\(name).service"
                let unit = try String(contentsOfFile: "\(units)/\(file)", encoding: .utf8)
                    .replacing("%i", with: parts.count == 2 ? String(parts[1]) : "")
                let lines = (common + unit).split(separator: "\n")
                let variables = lines.filter { $0.hasPrefix("Environment=") }.flatMap {
                    $0.dropFirst(12).split(separator: " ")
                }
                .map {
                    $0.replacing("%S", with: "\(folder)/state").replacing("%t", with: "\(folder)/run")
                        .replacing("%C", with: "\(folder)/cache")
                }
                let command = try #require(lines.last { $0.hasPrefix("ExecStart=") }).dropFirst(10)
                running.append(
                    try await Program(
                        "/usr/bin/env",
                        ["-i", "PATH=/usr/bin:/bin", "UNDERSTUDY_DASHBOARD_LISTEN=127.0.0.1:0"]
                            + variables.map(String.init)
                            + ["/usr/bin/setpriv"] + user + [String(command)]))
            }
            let run = RunDirectory(path: "\(folder)/run/understudy")
            try await until("all services serve") {
                run.services().reduce(0) { $0 + run.instances(of: $1).count } == names.count
            }
            let dashboard = running[try #require(names.firstIndex(of: "dashboard"))]
            let address = try await firstValue("the dashboard reports its address") {
                dashboard.errors.firstMatch(of: /the page is at (http:\/\/127\.0\.0\.1:\d+)/).map { String($0.1) }
            }
            #expect(run.instances(of: "clipper").sorted() == ["clipper-1", "clipper-2"])
            func page(_ path: String, _ arguments: String...) async throws -> JSONValue {
                let response = try await Program.run(
                    "/usr/bin/curl", ["-s", "\(address)\(path)", "-H", "X-Understudy: 1"] + arguments)
                try #require(response.status == 0 && response.output.hasPrefix("{"), "\(path): \(response)")
                return try JSONCoding.decode(JSONValue.self, from: Data(response.output.utf8))
            }
            let job = try await page(
                "/api/jobs", "-d",
                #"{"pipeline_data":{"storyboard":{"segments":[{"id":"a","duration":1,"visual_guidance":"x"}]}}}"#)[
                    "job_id"]
            let view = try await firstValue("the job has ended") { () async throws -> JSONValue? in
                let view = try await page("/api/jobs/\(job?.string ?? "")")
                // `nil` alone would be the JSON value null.
                return view["state"] == "running" || view["state"] == "queued" ? JSONValue?.none : view
            }
            #expect(view["state"] == "finished", "\(view)")
            #expect(view["video_url"]?.string?.hasPrefix("file://\(folder)/state/understudy/store/") == true)
        }
    }
}
