#!/usr/bin/env bash
# ext4 of Linux 6.18 with e2fsprogs 1.47 (Debian 12).
# Expected: an fsync that returns 0 has what was written before on the disk; a file system that gives up (its journal aborted, as after a fault of the
# disk) fails those that are under way with EIO or EROFS.
# Instead: one that runs while the file system gives up can return 0 without having written anything: the last record that was told to be safe is not
# there when the file system is mounted again, though the disk never failed.
# Seen on 2026-11-28, a program that appends a record of 64 bytes and flushes it, again and again, while the file system is remounted with `abort`:
#   in 25 of 561 rounds the last record that was flushed without an error was lost
# What we do: nothing can be done in a program; docs/durability.md says what a flush is worth, and the test of a disk that turns read-only does so
# between two commands.
# Needs root, and Debian's packages e2fsprogs, mount and python3. Ends with the first loss; the greatest number of rounds takes three minutes.
set -euo pipefail
work=$(mktemp -d)
trap 'umount --lazy "$work/mounted" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/mounted"
[[ $(dpkg-query --show --showformat='${Version}' e2fsprogs) == 1.47.* ]]
uname -r

python3 - "$work/image" "$work/mounted" <<'EOF'
import os
import random
import subprocess
import sys
import threading
import time

IMAGE, MOUNTED = sys.argv[1:]
RECORD = 64
ROUNDS = 500


def run(*command):
    subprocess.run(command, check=True, timeout=30)


def flush_until_it_fails(flushed, begun):
    """Appends records; counts those whose flush returned without an error."""
    file = os.open(f"{MOUNTED}/log", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        while True:
            os.write(file, b"%063d\n" % len(flushed))
            os.fsync(file)
            flushed.append(None)
            if len(flushed) == 20:
                begun.set()
    except OSError:
        pass
    finally:
        os.close(file)


for number in range(1, ROUNDS + 1):
    with open(IMAGE, "wb") as image:
        image.truncate(32 << 20)
    run("mkfs.ext4", "-q", IMAGE)
    run("mount", "-o", "loop", IMAGE, MOUNTED)
    flushed, begun = [], threading.Event()
    writer = threading.Thread(target=flush_until_it_fails, args=(flushed, begun))
    writer.start()
    begun.wait()
    time.sleep(random.random() / 20)
    subprocess.run(["mount", "-o", "remount,abort", MOUNTED], check=False, timeout=30)
    writer.join()
    run("umount", MOUNTED)
    run("mount", "-o", "loop", IMAGE, MOUNTED)
    there = os.path.getsize(f"{MOUNTED}/log") // RECORD
    run("umount", MOUNTED)
    if there < len(flushed):
        print(f"round {number}: {len(flushed)} records were flushed without an error, {there} are there")
        break
else:
    sys.exit(f"every record that was flushed was there, in {ROUNDS} rounds")
EOF
