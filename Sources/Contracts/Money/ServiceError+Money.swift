// SPDX-License-Identifier: Apache-2.0

package import Faults

extension ServiceError {
    /// What was spent before this failure on unusable results.
    package var wasted: USD {
        get { USD(micros: wastedMicros ?? 0) }
        set { wastedMicros = newValue > .zero ? newValue.micros : nil }
    }

    /// The price of orders of which it is unknown whether the provider charged for them.
    package var unknown: USD {
        get { USD(micros: unknownMicros ?? 0) }
        set { unknownMicros = newValue > .zero ? newValue.micros : nil }
    }
}
