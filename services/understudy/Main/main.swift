// SPDX-License-Identifier: Apache-2.0

import Understudy

await UnderstudyMain.main()
