"""Apps: what the zoo's checkpoints are good for. Installed as `zoo_apps`.

    from zoo_apps.colorize import Colorize
    coloured = Colorize()(photo, strength=1.2)       # or: zoo run colorize photo.jpg -o out.png --strength 1.2

One description (`zoo_apps.app.App`) makes the Python call, the pipeline (`zoo.pipeline`), the command line, the demo
page and the gallery.
"""
