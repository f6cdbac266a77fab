import ArgumentParser
import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

struct CallMethod: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Call a method and print its result as JSON.",
        discussion: "On an error the exit status is 1, and the error is on standard error.")

    @Argument(help: "imagegen, clipper, stitcher, logger, agent5, orchestrator, or any service in the run directory.")
    var service: String

    @Argument(help: "E.g. rpc.health, clipper.probe.")
    var method: String

    @Argument(help: ArgumentHelp("Parameters as JSON; @FILE reads a file, - reads standard input.", valueName: "json"))
    var params: String = "{}"

    @Flag(help: "Print the error as the whole JSON object.")
    var raw = false

    @Option(help: ArgumentHelp("Seconds to wait for the answer; as long as the call takes if absent.", valueName: "s"))
    var timeout: Double?

    func validate() throws {
        guard let timeout else { return }
        var limit = TimeLimit()
        limit.timeout = timeout
        try limit.validate()
    }

    func run() async throws {
        let settings = try ServiceSettings()
        let text = try Self.text(of: params)
        let value: JSONValue
        do {
            value = try JSONCoding.decode(JSONValue.self, from: text)
        } catch {
            throw ServiceError(
                .invalidParams, "the parameters are not JSON: \(String(decoding: text.prefix(80), as: UTF8.self))")
        }
        let limit = timeout.map { Duration.clamping(seconds: $0) }
        do {
            let connection = try await Callee.connect(
                ServiceName(rawValue: service), in: settings.runDirectory, within: limit ?? Callee.patience)
            let result = try await connection.call(method, params: value, timeout: limit)
            try Terminal.printJSON(result)
        } catch let error as any ServiceErrorConvertible where raw {
            FileHandleOutput.error(try JSONCoding.pretty(error.serviceError).printableJSON() + "\n")
            throw ExitCode(1)
        }
    }

    private static func text(of argument: String) throws -> Data {
        if argument == "-" {
            var bytes = Data()
            while let line = readLine(strippingNewline: false) { bytes += Data(line.utf8) }
            return bytes
        }
        guard argument.hasPrefix("@") else { return Data(argument.utf8) }
        let path = String(argument.dropFirst())
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ServiceError(.notFound, "\(path) cannot be read")
        }
    }
}

struct Ps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the replicas of all services and how they are.")

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        var table = TextTable("SERVICE", "INSTANCE", "STATUS", "CALLS", "UPTIME", "PID")
        for service in directory.services() {
            for instance in directory.instances(of: service) {
                table.rows.append(await row(service, instance, directory))
            }
        }
        guard !table.rows.isEmpty else {
            throw ServiceError(.unavailable, "nothing runs in \(directory.path): start it by `understudy up`")
        }
        Terminal.print(table.text)
    }

    private func row(_ service: String, _ instance: String, _ directory: RunDirectory) async -> [String] {
        do {
            let connection = try await directory.connect(to: service, instance: instance, patience: .zero)
            let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(2))
            await connection.close()
            return [
                service, instance, health.problem ?? health.status.rawValue, "\(health.inFlight)/\(health.capacity)",
                "\(Int(clamping: health.uptime)) s", health.pid.map(String.init) ?? "-",
            ]
        } catch {
            return [service, instance, "dead: \(ServiceError(wrapping: error).message)", "-", "-", "-"]
        }
    }
}

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print status messages as they come, of one job or of all, until Ctrl-C.")

    @Argument(help: "A job's id; all jobs if absent.")
    var job: String?

    @Flag(help: "Print each message as a line of JSON.")
    var json = false

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        let ended: Bool? = try await Interruption.race { [job, json] in
            let connection = try await Callee.connect(.orchestrator, in: directory)
            let snapshot = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: job))
            if !json {
                for view in snapshot.jobs { Terminal.print("\(view.jobID) \(view.state.rawValue) \(view.costs.line)") }
            }
            if let job, snapshot.jobs.first(where: { $0.jobID == job })?.state.isTerminal == true { return true }
            for await notification in connection.notifications where notification.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: notification.params)
                json
                    ? Terminal.print(json: String(decoding: notification.params, as: UTF8.self))
                    : Terminal.print(StatusLine.text(message))
                if job != nil, message.jobState.isTerminal { return true }
            }
            throw ServiceError(.unavailable, "the orchestrator went away; start `understudy watch` again")
        }
        if ended == nil { throw Failure.interrupted }
    }
}

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Cancel a job and the work under it.")

    @Argument(help: "The job's id.")
    var job: String

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let result = try await limit.ask(OrchestratorAPI.cancel, JobReference(jobID: job))
        Terminal.print("\(job) \(result.state == .running ? "is being cancelled" : result.state.rawValue)")
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show where a job stands; the newest jobs without an id.")

    @Argument(help: "The job's id.")
    var job: String?

    @Flag(help: "Print the job as JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        guard let job else {
            let list = try await limit.ask(OrchestratorAPI.list, ListJobs(limit: 20))
            if json { return try Terminal.printJSON(list) }
            var table = TextTable("JOB", "STATE", "USER", "SESSION", "DONE", "COST")
            for view in list.jobs {
                table.rows.append([
                    view.jobID, view.state.rawValue, view.userID, view.sessionID,
                    "\(view.progress.done)/\(view.progress.total)", view.costs.total.text,
                ])
            }
            return Terminal.print(table.text)
        }
        let view = try await limit.ask(OrchestratorAPI.status, JobStatus(jobID: job))
        json ? try Terminal.printJSON(view) : Terminal.print(Story.text(view))
    }
}

struct ShowReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Tell who made a job's film, why, and what it cost.",
        discussion: "A receipt.json is read where it lies; nothing has to run for that.")

    @Argument(help: "The job's id, or the path or URI of its receipt.json.")
    var job: String

    @Flag(help: "Print the receipt as JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let receipt =
            try await job.contains("/")
            ? Self.read(try StagedInputs.uri(job)) : limit.ask(OrchestratorAPI.receipt, JobReference(jobID: job))
        json ? try Terminal.printJSON(receipt) : Terminal.print(ReceiptStory.text(receipt))
    }

    private static func read(_ file: ArtifactURI) async throws -> Receipt {
        let path = file.scheme == .file ? file.path : file.description
        let artifacts = Artifacts()
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no receipt \(path)")
        }
        let data = try await artifacts.read(file, maximum: 16 * 1024 * 1024)
        do {
            return try JSONCoding.decode(Receipt.self, from: data)
        } catch let error as DecodingError {
            let reason = ServiceError.invalidParams(from: error).message
            throw ServiceError(.invalidParams, "\(path) is no receipt: \(reason)")
        }
    }
}
