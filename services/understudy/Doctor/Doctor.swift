// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Calls
import Faults
import Foundation
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

/// `understudy doctor`: checks the installation and the configuration.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what is installed, writable and reachable, and suggest how to fix the rest.",
        discussion: "The exit status is 1 if something required is missing.")

    func run() async throws {
        let settings = try ServiceSettings()
        var findings = executables() + [fonts()]
        findings.append(await store(settings))
        findings += await CloudCheck(settings: settings).findings()
        findings.append(folder("state directory", settings.stateDirectory, variable: "UNDERSTUDY_STATE_DIR"))
        findings.append(runDirectory(settings))
        findings += await sockets(settings.runDirectory)
        findings.append(tool("socat", "apt-get install socat, to call services from a shell"))
        findings.append(tool("ffprobe", "apt-get install ffmpeg, to inspect films"))
        for finding in findings {
            Terminal.print("\(finding.grade.rawValue)  \(finding.subject): \(finding.text)".printable())
        }
        if findings.contains(where: { $0.grade == .bad }) { throw ExitCode(1) }
    }

    private func executables() -> [Finding] {
        Stack.services.map { service in
            let path = Installation.executable(service)
            let exists = FileManager.default.isExecutableFile(atPath: path)
            return Finding(
                grade: exists ? .good : .bad, subject: service,
                text: exists ? path : "\(path) is missing: run `make build`")
        }
    }

    private func fonts() -> Finding {
        let folders = ["/usr/share/fonts", "/usr/local/share/fonts", "\(NSHomeDirectory())/.fonts"]
        var count = 0
        for folder in folders {
            let names = FileManager.default.enumerator(atPath: folder)
            while let name = names?.nextObject() as? String {
                if [".ttf", ".otf", ".ttc"].contains(where: name.hasSuffix) { count += 1 }
            }
        }
        return count > 0
            ? Finding(grade: .good, subject: "fonts", text: "\(count) files")
            : Finding(grade: .bad, subject: "fonts", text: "none: apt-get install fonts-noto-core fonts-noto-cjk")
    }

    private func store(_ settings: ServiceSettings) async -> Finding {
        do {
            let probe = try ArtifactURI(settings.store, at: "UNDERSTUDY_STORE").appending(".doctor-\(getpid())")
            try await Artifacts().write(Data("ok".utf8), to: probe)
            try await Artifacts().remove(probe)
            return Finding(grade: .good, subject: "store", text: "\(settings.store) is writable")
        } catch {
            let error = ServiceError(wrapping: error)
            // Another bucket would not help against wrong credentials or an unreachable server.
            let isBucket = (try? ArtifactURI(settings.store))?.scheme == .s3
            let advice = isBucket ? "" : ": set UNDERSTUDY_STORE to a folder or bucket that you own"
            return Finding(grade: .bad, subject: "store", text: "\(error.message)\(advice)")
        }
    }

    private func folder(_ subject: String, _ path: String, variable: String) -> Finding {
        StateDirectory.protect(path)
        return FileManager.default.isWritableFile(atPath: path)
            ? Finding(grade: .good, subject: subject, text: "\(path) is writable")
            : Finding(grade: .bad, subject: subject, text: "\(path) is not writable: set \(variable)")
    }

    private func runDirectory(_ settings: ServiceSettings) -> Finding {
        do {
            try settings.runDirectory.prepare()
            let longest = try settings.runDirectory.socketPath(service: "orchestrator", instance: "orchestrator-1")
            return Finding(
                grade: .good, subject: "run directory",
                text:
                    "\(settings.runDirectory.path), socket paths of up to \(longest.utf8.count) bytes (limit \(RunDirectory.maximumSocketPath))"
            )
        } catch {
            return Finding(grade: .bad, subject: "run directory", text: error.message)
        }
    }

    private func sockets(_ directory: RunDirectory) async -> [Finding] {
        var findings: [Finding] = []
        for service in directory.services() {
            for instance in directory.instances(of: service) {
                let subject = "\(service)/\(instance)"
                do {
                    let connection = try await directory.connect(to: service, instance: instance, timeout: .zero)
                    let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(2))
                    await connection.close()
                    findings.append(Finding(grade: .good, subject: subject, text: health.status.rawValue))
                } catch {
                    findings.append(
                        Finding(
                            grade: .bad, subject: subject,
                            text:
                                "does not respond (\(ServiceError(wrapping: error).message)): restart it, or remove its socket"
                        ))
                }
            }
        }
        return findings.isEmpty
            ? [Finding(grade: .note, subject: "services", text: "none is running; start them with `understudy up`")]
            : findings
    }

    private func tool(_ name: String, _ advice: String) -> Finding {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let found = path.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        return Finding(grade: found == nil ? .note : .good, subject: name, text: found ?? "not installed: \(advice)")
    }
}
