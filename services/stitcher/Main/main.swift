import Stitcher

await StitcherMain.main()
