// SPDX-License-Identifier: Apache-2.0

import ImageGen

await ImageGenMain.main()
