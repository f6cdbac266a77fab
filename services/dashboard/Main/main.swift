import Dashboard

await DashboardMain.main()
