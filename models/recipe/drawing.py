"""Drawing scenes, at any size."""

from models.recipe.canvas import Canvas, Picture
from models.recipe.landscapes import paint_landscape
from models.recipe.scenes import Scene


def draw(scene: Scene, size_px: int) -> Picture:
    """Draw a scene: (H, W, 3), levels of 255. The same scene gives the same picture."""
    canvas = Canvas(size_px, scene.background_rgb)
    if scene.landscape:
        paint_landscape(canvas, scene)
    for thing in scene.things:
        canvas.paint_thing(thing)
    return canvas.picture()
