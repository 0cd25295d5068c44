#!/usr/bin/env bash
# libfaketime 0.9.10 (Debian 12) with .NET 10, Linux.
# Expected: who moves the wall clock of a program with libfaketime moves what the program takes for the date; a delay of 100 ms takes 100 ms, for
# .NET measures it with the monotonic clock, which no change of the date moves.
# Instead: libfaketime moves CLOCK_MONOTONIC as well. When the clock is put back, the timers of .NET stand still until it has come where it was; with
# FAKETIME_DONT_FAKE_MONOTONIC=1 they go on.
# Seen on 2026-11-28, timers of 100 ms that fired within two seconds after the clock was put back by an hour:
#   both clocks: 0
#   wall clock alone: 20
# What we do: the test of clocks that jump sets FAKETIME_DONT_FAKE_MONOTONIC.
# Needs Debian's package faketime.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
[[ $(dpkg-query --show --showformat='${Version}' faketime) == 0.9.10-* ]]

cat >timers.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
var count = 0;
using var timer = new Timer(_ => Interlocked.Increment(ref count), null, 100, 100);
Console.ReadLine();
Interlocked.Exchange(ref count, 0);
Console.ReadLine();
Console.WriteLine(Volatile.Read(ref count));
EOF
dotnet build -v quiet >/dev/null

library=$(dpkg --listfiles libfaketime | grep 'libfaketimeMT.so.1$')
count_timers() { # variables
    echo '+0' >clock
    {
        sleep 2
        echo '-1h' >clock
        sleep 0.5
        echo
        sleep 2
        echo
    } | env "$@" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 LD_PRELOAD="$library" dotnet bin/Debug/net10.0/timers.dll
}

both=$(count_timers)
wall=$(count_timers FAKETIME_DONT_FAKE_MONOTONIC=1)
echo "both clocks: $both"
echo "wall clock alone: $wall"
((both == 0 && wall >= 10))
