// SPDX-License-Identifier: Apache-2.0

import Agent5

await Agent5Main.main()
