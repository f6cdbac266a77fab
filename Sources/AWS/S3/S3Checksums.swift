// SPDX-License-Identifier: Apache-2.0

import Faults

/// When to use S3's checksums (`x-amz-checksum-*`), with the settings of AWS's own tools.
struct S3Checksums: Sendable, Equatable {
    enum Policy: String, Sendable {
        /// Whenever the store supports them.
        case whenSupported = "when_supported"
        /// Never: no request of this project requires them.
        case whenRequired = "when_required"
    }

    /// For uploads.
    var onRequests = Policy.whenSupported
    /// For downloads.
    var onResponses = Policy.whenSupported
}

extension AWSSettings {
    /// `AWS_REQUEST_CHECKSUM_CALCULATION` and `AWS_RESPONSE_CHECKSUM_VALIDATION`, otherwise the equivalent settings of the profile.
    ///
    /// - Throws: `unavailable` that names the setting if its value is unknown.
    func checksums() throws(AWSError) -> S3Checksums {
        S3Checksums(
            onRequests: try policy("request_checksum_calculation"),
            onResponses: try policy("response_checksum_validation"))
    }

    private func policy(_ setting: String) throws(AWSError) -> S3Checksums.Policy {
        let variable = "AWS_\(setting.uppercased())"
        let configured = self.variable(variable)
        let text = configured == nil ? try profile(profileName)?[setting] : configured
        guard let text, !text.isEmpty else { return .whenSupported }
        guard let policy = S3Checksums.Policy(rawValue: text.lowercased()) else {
            let source = configured == nil ? "\(setting) of the profile \(profileName)" : variable
            throw AWSError(
                .unavailable,
                "\(source): expected when_supported or when_required, found \(text.prefix(40).debugDescription)")
        }
        return policy
    }
}
