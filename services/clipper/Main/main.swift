// SPDX-License-Identifier: Apache-2.0

import Clipper

await ClipperMain.main()
