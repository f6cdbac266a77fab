import CFileSystem
import Faults

/// File systems whose files the kernel makes up while they are read: `procfs`, `sysfs` and the like.
///
/// Their files pass for regular ones, and a read of one may never return (`/proc/kmsg`), or change something. File systems in memory
/// (`tmpfs`, `ramfs`) hold files as any other does.
enum KernelFiles {
    /// By the number that `statfs` reports.
    private static let names: [UInt32: String] = [
        0x0000_9FA0: "procfs", 0x6265_6572: "sysfs", 0x6462_6720: "debugfs", 0x7472_6163: "tracefs",
        0x7363_6673: "securityfs", 0x0027_E0EB: "cgroup", 0x6367_7270: "cgroup2", 0xF97C_FF8C: "selinuxfs",
        0x4341_5D53: "smackfs", 0x5A3C_69F0: "apparmorfs", 0x6265_6570: "configfs", 0x6165_676C: "pstore",
        0xDE5E_81E4: "efivarfs", 0xCAFE_4A11: "bpf", 0x4249_4E4D: "binfmt_misc", 0x6573_5543: "fusectl",
        0x1980_0202: "mqueue", 0x0000_1CD1: "devpts", 0x6E73_6673: "nsfs", 0x0765_5821: "resctrl",
        0x0000_9FA2: "usbfs", 0xABBA_1974: "xenfs", 0x6759_6969: "rpc_pipefs", 0x6E66_7364: "nfsd",
        0x0904_1934: "anon_inodefs", 0x5049_5045: "pipefs", 0x534F_434B: "sockfs",
    ]

    /// - Parameter name: as messages call the file.
    /// - Throws: `invalid_params` for a file of such a file system.
    static func refuse(_ path: String, as name: String) throws(ServiceError) {
        try refuse(type: cfilesystem_type(path), name)
    }

    /// The same for an open file.
    static func refuse(_ descriptor: Int32, as name: String) throws(ServiceError) {
        try refuse(type: cfilesystem_type_of(descriptor), name)
    }

    private static func refuse(type: Int, _ name: String) throws(ServiceError) {
        guard type >= 0, let system = names[UInt32(truncatingIfNeeded: type)] else { return }
        throw ServiceError(
            .invalidParams,
            "\(name) is made up by the kernel (\(system)), expected a regular file on a disk or in memory")
    }
}
