import EventLogger

await LoggerMain.main()
