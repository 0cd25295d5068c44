"""Makes messages that are almost right: of a valid one a value, a field, the wire format or a few bytes are changed."""

import struct

from google.protobuf.descriptor import FieldDescriptor

_INTEGERS = [-(2**63), -(2**31) - 1, -(2**31), -1, 0, 1, 2, 3, 7, 16, 63, 64, 65, 255, 4096, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1]
_NUMBERS = [
    float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1.0, -1.0, 0.5, 1e-320, 1e308, -1e308, 1e-10, 0.25, 1e9,
]
_TEXTS = [
    "", "x", "x" * 63, "x" * 64, "x" * 65, "x" * 129, "x" * 5000, "\x1b[31m\x1b]0;t\x07", "a\r\nb", "\0", "‮gnp", "漢" * 60, "\U0001f600" * 40,
    "%00%1b", "'; --", "../../etc", "a" * 60_000,
]
_INTEGER_TYPES = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1), FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1), FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1), FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1), FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_ENUM: (-(2**31), 2**31 - 1),
}


def mutate(random, message):
    """The bytes of a mutant."""
    kind = random.random()
    if kind < 0.45:
        mutant = type(message)()
        mutant.CopyFrom(message)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            change_value(random, mutant)
        return mutant.SerializeToString()
    if kind < 0.8:
        return change_structure(random, message.SerializeToString())
    return change_bytes(random, message.SerializeToString())


def change_value(random, message):
    """Sets a field anywhere in a message to a value at the end of a range, beyond it, or of no kind that it should have."""
    fields = message.DESCRIPTOR.fields
    if not fields:
        return
    field = random.choice(fields)
    repeated = field.label == FieldDescriptor.LABEL_REPEATED
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        parts = getattr(message, field.name)
        if repeated:
            if random.random() < 0.3 or not parts:
                for _ in range(random.choice((1, 1, 3, 200))):
                    parts.add().CopyFrom(parts[0])
            change_value(random, random.choice(parts))
        elif random.random() < 0.15:
            message.ClearField(field.name)
        else:
            parts.SetInParent()
            change_value(random, parts)
    elif repeated:
        getattr(message, field.name).extend([_value(random, field)] * random.choice((1, 2, 57, 3000)))
    elif random.random() < 0.15:
        message.ClearField(field.name)
    else:
        setattr(message, field.name, _value(random, field))


def _value(random, field):
    if field.type in _INTEGER_TYPES:
        least, most = _INTEGER_TYPES[field.type]
        return min(max(random.choice(_INTEGERS), least), most)
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return random.choice(_NUMBERS)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return random.random() < 0.5
    if field.type == FieldDescriptor.TYPE_STRING:
        return random.choice(_TEXTS)
    return random.choice((b"", b"\0", b"\xff" * 7, struct.pack("<d", random.choice(_NUMBERS)) * random.choice((1, 64, 256)), random.randbytes(94)))


def change_structure(random, data):
    """Changes fields of the wire format: their order, number, wire type, length, or what they hold."""
    fields = _split(data)
    if not fields:
        return _field(random.randrange(1, 20), 2, _varint(3) + b"abc")
    i = random.randrange(len(fields))
    number, wire_type, content = fields[i]
    choice = random.randrange(12)
    if choice == 0:
        fields[i] = (random.choice((1, 2, 3, number + 1, 15, 16, 2047, 19_000, 2**29 - 1, 2**29)), wire_type, content)
    elif choice == 1:
        fields[i] = (number, random.randrange(8), content)
    elif choice == 2:
        fields[i] = (number, 0, random.choice((_varint(2**64 - 1), b"\xff" * 10 + b"\x01", b"\x80" * 9 + b"\x02", b"\x80" * 20, _varint(2**63))))
    elif choice == 3:
        fields[i] = (number, 2, random.choice((_varint(2**31 - 1), _varint(2**32), _varint(2**64 - 1), _varint(len(content) + 1), b"\x80\x80\x80\x80\x80\x00")) + content)
    elif choice == 4:
        fields += [fields[i]] * random.choice((1, 2, 10, 1000))
    elif choice == 5:
        random.shuffle(fields)
    elif choice == 6:
        del fields[i]
    elif choice == 7:
        inner = content
        for _ in range(random.choice((2, 50, 101, 1000))):
            inner = _field(number, 2, _varint(len(inner)) + inner)
        return _join(fields) + inner
    elif choice == 8:
        depth = random.choice((1, 99, 500))
        return _join(fields) + _varint(number << 3 | 3) * depth + _varint(number << 3 | 4) * random.choice((0, depth, depth + 1))
    elif choice == 9 and wire_type == 2:
        length, start = _read_varint(content, 0)
        inner = change_structure(random, content[start:start + length])
        fields[i] = (number, 2, _varint(len(inner)) + inner)
    elif choice == 10:
        fields[i] = (number, 2, _varint(5) + random.choice((b"\xff\xfe\xfd\xfc\xfb", b"\xed\xa0\x80ab", b"\xc0\x80abc", b"\xf5\x80\x80\x80a")))
    else:
        fields[i] = (number, 1, struct.pack("<d", random.choice(_NUMBERS)))
    return _join(fields)


def change_bytes(random, data):
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        position = random.randrange(len(data) + 1)
        choice = random.randrange(5)
        if choice == 0 and position < len(data):
            data[position] ^= 1 << random.randrange(8)
        elif choice == 1:
            data[position:position] = random.randbytes(random.choice((1, 4, 16)))
        elif choice == 2:
            del data[position:position + random.choice((1, 2, 8))]
        elif choice == 3:
            del data[position:]
        elif position < len(data):
            data[position] = random.choice((0, 1, 0x7F, 0x80, 0xFF))
    return bytes(data)


def _split(data):
    """The fields of a valid message: number, wire type, and what follows the tag."""
    fields, position = [], 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        start = position
        if tag & 7 == 0:
            _, position = _read_varint(data, position)
        elif tag & 7 == 1:
            position += 8
        elif tag & 7 == 5:
            position += 4
        elif tag & 7 == 2:
            length, position = _read_varint(data, position)
            position += length
        else:
            break
        fields.append((tag >> 3, tag & 7, data[start:position]))
    return fields


def _join(fields):
    return b"".join(_field(*field) for field in fields)


def _field(number, wire_type, content):
    return _varint(number << 3 | wire_type) + content


def _varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _read_varint(data, position):
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, position
