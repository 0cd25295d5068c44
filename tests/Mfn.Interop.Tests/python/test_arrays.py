"""numpy's own files, and tensors by the safetensors format's text: Mfn reads them to the bit, and numpy reads what Mfn writes."""

import io
import json
import os
import struct
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

import numpy as np

SINGLES = ("f2", "f4", "i1", "u1", "i2", "u2", "b1")
DOUBLES = ("f8", "i4", "u4", "i8", "u8")
COUNT = 200


def random_array(random):
    """Any bits of any type, in any shape, order and byte order."""
    kind = str(random.choice(SINGLES + DOUBLES))
    shape = tuple(int(extent) for extent in random.integers(0, 7, size=random.integers(0, 5)))
    count = int(np.prod(shape))
    if kind == "b1":
        array = random.integers(0, 2, size=count).astype(bool)
    else:
        array = np.frombuffer(random.bytes(count * int(kind[1])), dtype=kind)
    if kind[0] == "f":
        # Which NaN is kept depends on the processor.
        array = np.where(np.isnan(array), array.dtype.type("nan"), array)
    array = array.astype(str(random.choice(["<", ">"])) + kind, copy=False).reshape(shape)
    return np.asfortranarray(array) if random.integers(2) else array


def expected(array):
    """The numbers in what Mfn holds them in: single precision if that can hold each of the type."""
    return array.astype("<f4" if array.dtype.str[1:] in SINGLES else "<f8")


class ArrayTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.echo = subprocess.Popen(
            ["dotnet", os.environ["INTEROP_ECHO"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.addCleanup(self.end_echo)

    def end_echo(self):
        self.echo.stdin.close()
        self.assertEqual(self.echo.wait(timeout=30), 0)
        self.echo.stdout.close()

    def read(self, path):
        """What Mfn read, as numpy reads what it wrote."""
        self.echo.stdin.write(f"{path}\t{self.folder / 'out.npy'}\n")
        answer = self.echo.stdout.readline().rstrip("\n")
        self.assertEqual(answer, "ok")
        return np.load(self.folder / "out.npy", allow_pickle=False)

    def refusal(self, path):
        self.echo.stdin.write(f"{path}\t{self.folder / 'out.npy'}\n")
        return self.echo.stdout.readline().rstrip("\n")

    def assert_same(self, read, array, message):
        wanted = expected(array)
        self.assertEqual(read.shape, wanted.shape, message)
        self.assertEqual(read.dtype, wanted.dtype, message)
        self.assertEqual(read.tobytes(), wanted.tobytes(), message)

    def test_two_hundred_random_arrays(self):
        random = np.random.default_rng(2026)
        ways = dict.fromkeys(["npy 1.0", "npy 2.0", "npy 3.0", "savez", "savez_compressed"], 0)
        for i in range(COUNT):
            array = random_array(random)
            way = list(ways)[i % len(ways)]
            message = f"array {i}: {array.dtype.str} {array.shape} {way}"
            if way.startswith("npy"):
                path = self.folder / "array.npy"
                with open(path, "wb") as file:
                    np.lib.format.write_array(file, array, version=(int(way[4]), 0))
            else:
                # Two members, so that one has to be named.
                getattr(np, way)(self.folder / "arrays.npz", array=array, other=np.zeros(3))
                path = f"{self.folder / 'arrays.npz'}:array"
            self.assert_same(self.read(path), array, message)
            ways[way] += 1
        self.assertEqual(set(ways.values()), {COUNT // len(ways)})

    def test_archive_of_64_bit_offsets(self):
        array = np.arange(12.0).reshape(3, 4)
        content = io.BytesIO()
        np.save(content, array)
        with zipfile.ZipFile(self.folder / "large.npz", "w") as archive:
            with archive.open("array.npy", "w", force_zip64=True) as member:
                member.write(content.getvalue())
        self.assert_same(self.read(self.folder / "large.npz"), array, "zip64")

    def test_fifo(self):
        array = np.asfortranarray(np.arange(24, dtype=">f4").reshape(2, 3, 4))
        os.mkfifo(self.folder / "fifo")
        self.echo.stdin.write(f"{self.folder / 'fifo'}\t{self.folder / 'out.npy'}\n")
        content = io.BytesIO()
        np.save(content, array)
        (self.folder / "fifo").write_bytes(content.getvalue())
        self.assertEqual(self.echo.stdout.readline(), "ok\n")
        self.assert_same(np.load(self.folder / "out.npy"), array, "fifo")

    def test_header_with_python_2_integers(self):
        array = np.arange(6.0).reshape(2, 3)
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }\n"
        (self.folder / "old.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + array.tobytes())
        self.assert_same(self.read(self.folder / "old.npy"), array, "4L")

    def test_what_no_number_holds_is_refused(self):
        for array, reason in [
            (np.array([1 + 2j]), "'<c16'"),
            (np.array(["text"]), "'<U4'"),
            (np.array([object()]), "Python objects"),
            (np.zeros(2, dtype=[("a", "f4"), ("b", "f8")]), "structures of several fields"),
            (np.zeros(2, dtype="datetime64[s]"), "'<M8[s]'"),
            (np.zeros(2, dtype=np.longdouble), np.dtype(np.longdouble).str),
        ]:
            np.save(self.folder / "array.npy", array if array.dtype != object else np.array([None]), allow_pickle=True)
            self.assertIn(reason, self.refusal(self.folder / "array.npy"))
        # A hole: numpy would have to take 64 GiB.
        np.lib.format.open_memmap(self.folder / "huge.npy", mode="w+", dtype="f8", shape=(2**20, 2**13))
        self.assertIn("has more cells than the 4294967296", self.refusal(self.folder / "huge.npy"))

    def test_tensors(self):
        # https://huggingface.co/docs/safetensors: 8 bytes of length, JSON, then the data without holes.
        random = np.random.default_rng(7)
        tensors = {
            "layer.2.weight": ("F64", random.standard_normal((3, 4))),
            "layer.10.weight": ("F32", random.standard_normal(5).astype("<f4")),
            "bias": ("F16", random.standard_normal((2, 1)).astype("<f2")),
            "Scale": ("BF16", random.standard_normal(6).astype("<f4")),
        }
        header, data = {"__metadata__": {"format": "np"}}, b""
        for name, (kind, array) in tensors.items():
            raw = array.tobytes() if kind != "BF16" else (array.view("<u4") >> 16).astype("<u2").tobytes()
            header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        path = self.folder / "tensors.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)

        def values(name):
            kind, array = tensors[name]
            if kind == "BF16":
                array = (array.view("<u4") >> 16 << 16).view("<f4")
            return array.astype("<f8").ravel()

        self.assertEqual(self.read(path).tobytes(), np.concatenate([values(name) for name in sorted(tensors)]).tobytes())
        one = self.read(f"{path}:layer.2.weight")
        self.assertEqual(one.shape, (3, 4))
        self.assertEqual(one.tobytes(), tensors["layer.2.weight"][1].tobytes())


if __name__ == "__main__":
    unittest.main()
