// SPDX-License-Identifier: Apache-2.0

import Orchestrator

await OrchestratorMain.main()
