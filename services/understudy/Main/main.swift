import Understudy

await UnderstudyMain.main()
