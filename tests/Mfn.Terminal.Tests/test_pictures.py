"""Pictures and arrays of mfn, read by Pillow and numpy."""

import json
import pathlib
import tempfile
import unittest

import numpy
from PIL import Image

from terminal import mfn

MODEL = ["--turing-threshold", "0.05", "--grid", "48", "--steps", "20"]


class Pictures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_frames_history_and_picture_are_of_the_same_fields(self):
        history, picture, frames, last = (self.folder / name for name in ["history.npy", "field.png", "frames", "last.npy"])
        mfn("simulate", *MODEL, "--every", "5", "--out", str(last), "--out-history", str(history), "--out-picture", str(picture),
            "--out-frames", str(frames), "--scale", "3")

        volts = numpy.load(history)
        self.assertEqual((4, 48, 48), volts.shape)
        self.assertTrue((volts[-1] == numpy.load(last)).all())
        files = sorted(frames.iterdir())
        self.assertEqual([f"step-{step:010}-0000.png" for step in (5, 10, 15, 20)], [file.name for file in files])
        self.assertEqual(files[-1].read_bytes()[-1000:], picture.read_bytes()[-1000:])
        low, high = volts.min(), volts.max()
        for file, field in zip(files, volts):
            with Image.open(file) as image:
                image.load()
                self.assertEqual(("PNG", "P", (144, 144)), (image.format, image.mode, image.size))
                texts = image.text
                pixels = numpy.array(image)
            self.assertEqual(str(int(file.name[5:15])), texts["Step"])
            self.assertEqual(0.05, json.loads(texts["Spec"])["turingThreshold"])
            self.assertRegex(texts["Software"], r"^mfn \d+\.\d+")
            first, second = (float(text) / 1000 for text in texts["Range"].removesuffix(" mV").split(" to "))
            self.assertTrue(first <= low and high <= second and second - first < 1.2 * (high - low), texts["Range"])

            # Every cell is a square of one colour, whose level is its potential's place in the range.
            squares = pixels.reshape(48, 3, 48, 3)
            levels = squares[:, 0, :, 0].astype(float)
            self.assertTrue((squares == squares[:, :1, :, :1]).all())
            self.assertLessEqual(abs(levels - (field - first) / (second - first) * 253).max(), 0.51)

    def test_color_bar_is_beside_the_field(self):
        picture = self.folder / "field.png"
        mfn("simulate", *MODEL, "--out-picture", str(picture), "--scale", "4", "--colorbar", "--range", "-95,40")

        with Image.open(picture) as image:
            colors = numpy.array(image.convert("RGB")).astype(int)
        self.assertEqual((4 * 48 + 16,), colors.shape[:1])
        self.assertGreater(colors.shape[1], 4 * 48 + 16 + 16)
        bar = colors[8:-8, 8 + 4 * 48 + 8]
        luminance = bar @ [2126, 7152, 722]
        self.assertTrue((numpy.diff(luminance) <= 30000).all(), "the bar does not darken from top to bottom")
        self.assertGreater(luminance[0], 5 * luminance[-1])
        self.assertTrue((colors[0] == 255).all() and (colors[:, -1] == 255).all(), "there is no margin")


if __name__ == "__main__":
    unittest.main()
