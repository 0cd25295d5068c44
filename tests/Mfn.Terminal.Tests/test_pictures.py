"""Pictures and arrays of mfn, read by Pillow and numpy."""

import json
import pathlib
import tempfile
import unittest

import numpy
from PIL import Image

from terminal import mfn

PATTERN = ["--kinetics", "gray-scott:F=0.037,k=0.06", "--rows", "24", "--columns", "40", "--steps", "60"]
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

    def test_movie_is_an_animation_of_the_frames_shown(self):
        history, picture, movie = (self.folder / name for name in ["history.npy", "field.png", "movie.png"])
        mfn("simulate", *MODEL, "--every", "5", "--out-history", str(history), "--out-picture", str(picture), "--movie", str(movie),
            "--scale", "2", "--frame-rate", "25")

        volts, frames = numpy.load(history), []
        with Image.open(picture) as image:
            palette = numpy.array(image.getpalette()).reshape(256, 3).astype(int)
        with Image.open(movie) as image:
            self.assertEqual((4, True, (96, 96)), (image.n_frames, image.is_animated, image.size))
            for index in range(4):
                image.seek(index)
                self.assertEqual(40, image.info["duration"])
                colors = numpy.array(image.convert("RGB")).astype(int)
                frames.append(colors)
            first, second = (float(text) / 1000 for text in image.text["Range"].removesuffix(" mV").split(" to "))
        levels = numpy.rint((volts - first) / (second - first) * 253).astype(int)
        for index, colors in enumerate(frames):
            # What rounding may cost is a level.
            self.assertLessEqual(abs(colors[::2, ::2] - palette[levels[index]]).sum(axis=2).max(), 12, f"frame {index}")
            self.assertTrue((colors[::2, ::2] == colors[1::2, 1::2]).all())

    def test_species_are_an_array_that_a_simulation_goes_on_from(self):
        whole, half, rest = (self.folder / name for name in ["whole.npy", "half.npy", "rest.npy"])
        mfn("simulate", *PATTERN, "--out", str(whole))
        mfn("simulate", *PATTERN[:-1], "30", "--out", str(half))

        species = numpy.load(half)
        self.assertEqual(((2, 24, 40), numpy.dtype("<f8"), True), (species.shape, species.dtype, species.flags.c_contiguous))
        for name, array in {
            "C": species, "Fortran": numpy.asfortranarray(species), "big": species.astype(">f8"),
        }.items():
            numpy.save(half, array)
            mfn("simulate", *PATTERN[:-1], "30", "--initial", str(half), "--out", str(rest))
            self.assertTrue((numpy.load(rest) == numpy.load(whole)).all(), name)

    def test_color_bar_of_a_species_has_a_scale_below(self):
        with_scale, mask = self.folder / "field.png", self.folder / "mask.npy"
        numpy.save(mask, numpy.tri(24, 40) == 0)
        mfn("simulate", *PATTERN, "--species", "v", "--out-picture", str(with_scale), "--scale", "4", "--colorbar", "--mask", str(mask))

        with Image.open(with_scale) as image:
            image.load()
            self.assertRegex(image.text["Range"], r"^v \S+ to \S+$")
            self.assertEqual("Concentration of v", image.text["Description"])
            self.assertEqual("grayScott", next(key for key in json.loads(image.text["Spec"]) if key == "grayScott"))
            colors = numpy.array(image.convert("RGB")).astype(int)
        dark = (colors.sum(axis=2) == 0)

        # 10 of 40 cells, of 4 pixels each.
        self.assertIn(40, [max(map(len, "".join(".#"[int(cell)] for cell in row).split("."))) for row in dark[96 + 16:]])


if __name__ == "__main__":
    unittest.main()
