// SPDX-License-Identifier: Apache-2.0

import Dashboard

await DashboardMain.main()
