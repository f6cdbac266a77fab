import Agent5

await Agent5Main.main()
