import Faults

/// When the checksums of S3 (`x-amz-checksum-*`) are used, as AWS's own tools are configured.
struct S3Checksums: Sendable, Equatable {
    enum Use: String, Sendable {
        /// Wherever the store does not refuse them.
        case whenSupported = "when_supported"
        /// Not at all: no request of this project requires them.
        case whenRequired = "when_required"
    }

    /// With what is stored.
    var onRequests = Use.whenSupported
    /// With what is read.
    var onResponses = Use.whenSupported
}

extension AWSSettings {
    /// `AWS_REQUEST_CHECKSUM_CALCULATION` and `AWS_RESPONSE_CHECKSUM_VALIDATION`, else the profile's settings of these names.
    ///
    /// - Throws: `unavailable` that names the setting with an unknown value.
    func checksums() throws(AWSError) -> S3Checksums {
        S3Checksums(
            onRequests: try use("request_checksum_calculation"), onResponses: try use("response_checksum_validation"))
    }

    private func use(_ setting: String) throws(AWSError) -> S3Checksums.Use {
        let variable = "AWS_\(setting.uppercased())"
        let named = self.variable(variable)
        let text = named == nil ? try profile(profileName)?[setting] : named
        guard let text, !text.isEmpty else { return .whenSupported }
        guard let use = S3Checksums.Use(rawValue: text.lowercased()) else {
            let place = named == nil ? "\(setting) of the profile \(profileName)" : variable
            throw AWSError(
                .unavailable,
                "\(place): expected when_supported or when_required, found \(text.prefix(40).debugDescription)")
        }
        return use
    }
}
