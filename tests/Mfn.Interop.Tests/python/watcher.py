"""A watcher of live runs, written from the contract alone: it checks every message and rebuilds every field."""

import hashlib
import struct
import zlib
from dataclasses import dataclass

from contracts import field_pb2, runs
from server import TIMEOUT

# The bytes of a cell, and how it is packed as a number.
_CELLS = {
    field_pb2.FIELD_ENCODING_FLOAT64: (8, "d"),
    field_pb2.FIELD_ENCODING_FLOAT32: (4, "f"),
    field_pb2.FIELD_ENCODING_QUANTIZED16: (2, "H"),
    field_pb2.FIELD_ENCODING_QUANTIZED8: (1, "B"),
}
_UNSIGNED = {8: "Q", 4: "I", 2: "H", 1: "B"}

ENCODINGS = tuple(_CELLS)


@dataclass
class Frame:
    """A frame with a field; numbers and error in volts."""

    kind: str
    step: int
    revision: int
    numbers: tuple
    largest_error: float


class Watcher:
    """What one watcher was sent, over all the streams that it took."""

    def __init__(self, test, client, **request):
        self.frames = []
        self.kinds = []
        self._test = test
        self.client = client
        self._request = runs.WatchRunRequest(**request)
        self._epoch = None
        self._chain = bytes(32)
        self._bits = None

    def watch(self, is_enough=lambda message: False):
        """Watches on from the last message, until the stream ends or is_enough says so of a message."""
        stream = self.client.WatchRun(self._request, timeout=TIMEOUT)
        for message in stream:
            self._accept(message)
            # Replaces from_step.
            self._request.resume_token = message.token
            if is_enough(message):
                stream.cancel()
                return

    def _accept(self, message):
        kind = message.WhichOneof("kind")
        self._epoch = self._epoch or message.epoch
        self._test.assertEqual((message.epoch, message.sequence), (self._epoch, len(self.kinds)))
        self._test.assertEqual(message.chain, _chain_after(self._chain, message, kind))
        self._chain = message.chain
        self.kinds.append(kind)
        if kind == "snapshot" and message.snapshot.HasField("field"):
            self._add_frame(message, message.snapshot.field, _unpack_bits(message.snapshot.field))
        elif kind == "delta":
            delta, base = message.delta, self.frames[-1]
            self._test.assertEqual((delta.base_step, delta.base_revision), (base.step, base.revision))
            self._add_frame(message, delta.field, _add_differences(self._bits, delta))

    def _add_frame(self, message, field, bits):
        self._test.assertEqual(len(bits), field.rows * field.columns)
        self._bits = bits
        self.frames.append(
            Frame(self.kinds[-1], message.step, message.revision, _decode(field, bits), field.largest_error_volts)
        )


def _chain_after(chain, message, kind):
    payload = {
        "snapshot": message.snapshot.field.values,
        "delta": message.delta.compressed_differences,
    }.get(kind, b"")
    number = message.DESCRIPTOR.fields_by_name[kind].number
    position = struct.pack("<QqqqB", message.epoch, message.sequence, message.step, message.revision, number)
    return hashlib.sha256(chain + position + hashlib.sha256(payload).digest()).digest()


def _unpack_bits(field):
    width, _ = _CELLS[field.encoding]
    return struct.unpack(f"<{len(field.values) // width}{_UNSIGNED[width]}", field.values)


def _add_differences(base, delta):
    """The bits of a frame's cells from those of the frame that it builds on."""
    width, _ = _CELLS[delta.field.encoding]
    planes = zlib.decompress(delta.compressed_differences)
    if len(planes) != width * len(base):
        raise AssertionError(f"{len(planes)} bytes of differences for {len(base)} cells of {width} bytes")

    mask = 2 ** (8 * width) - 1
    bits = []
    for index, cell in enumerate(base):
        folded = int.from_bytes(planes[index :: len(base)], "little")
        difference = folded >> 1 if folded % 2 == 0 else ~(folded >> 1)
        bits.append((cell + difference) & mask)
    return tuple(bits)


def _decode(field, bits):
    width, number = _CELLS[field.encoding]
    if number in "df":
        return struct.unpack(f"<{len(bits)}{number}", struct.pack(f"<{len(bits)}{_UNSIGNED[width]}", *bits))
    return tuple((field.first_level + q) * field.quantum_volts for q in bits)
