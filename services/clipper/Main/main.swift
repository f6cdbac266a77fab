import Clipper

await ClipperMain.main()
