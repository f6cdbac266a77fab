import ImageGen

await ImageGenMain.main()
