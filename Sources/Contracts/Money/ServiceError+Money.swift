package import Faults

extension ServiceError {
    /// What was spent before this failure on results that cannot be used.
    package var wasted: USD {
        get { USD(micros: wastedMicros ?? 0) }
        set { wastedMicros = newValue > .zero ? newValue.micros : nil }
    }

    /// What orders may have cost of which no answer says whether the provider took them.
    package var unknown: USD {
        get { USD(micros: unknownMicros ?? 0) }
        set { unknownMicros = newValue > .zero ? newValue.micros : nil }
    }
}
