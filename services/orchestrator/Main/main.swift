import Orchestrator

await OrchestratorMain.main()
