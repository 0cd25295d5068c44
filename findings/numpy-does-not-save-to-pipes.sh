#!/usr/bin/env bash
# numpy 1.24.2 (Debian's python3-numpy 1:1.24.2-1+deb12u1).
# Expected: np.save writes an array to any binary file that is open for writing, be it a pipe: it writes from the beginning to the end.
# Instead: it writes the header, and then fails with an OSError, for of a file of io it asks the position, which a pipe does not have. To an
# object that has only a write() it writes the same array without any trouble.
# Seen on 2026-11-27:
#   open(pipe, "wb"): OSError: obtaining file position failed, 128 bytes came
#   object with write(): saved, 168 bytes came
# What we do: tests have numpy write into an io.BytesIO, and write its bytes into the pipe.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >save.py <<'EOF'
import sys

import numpy as np


class Writer:
    def __init__(self, file):
        self.write = file.write


pipe = open("pipe", "wb")
try:
    np.save(pipe if sys.argv[1] == "file" else Writer(pipe), np.arange(5.0))
    pipe.close()
    print("saved", end="")
except OSError as error:
    print(f"OSError: {error}", end="")
EOF

mkfifo pipe
seen=
for way in file object; do
    wc -c <pipe >count &
    reader=$!
    said=$(/usr/bin/python3 save.py $way)
    wait $reader
    seen+="$([[ $way == file ]] && echo 'open(pipe, "wb")' || echo 'object with write()'): $said, $(<count) bytes came"$'\n'
done
echo -n "$seen"
[[ $seen == 'open(pipe, "wb"): OSError: obtaining file position failed, 128 bytes came
object with write(): saved, 168 bytes came
' ]]
