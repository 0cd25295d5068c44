#!/usr/bin/env bash
# .NET runtime 10.0.12, Linux (10.0.15 is alike).
# Expected: a handler of PosixSignalRegistration that leaves PosixSignalContext.Cancel false, only to put the terminal in order, has the default
# action of SIGTSTP come after it, as with SIGINT and SIGTERM: the process stops.
# Instead: as long as there is a registration for SIGTSTP, Ctrl-Z stops nothing, whatever Cancel says.
# Seen on 2026-11-27, the state of the process a second after SIGTSTP, without and with a handler:
#   without: T (stopped)
#   with, Cancel False: S (sleeping)
# What we do: the handler sends the process SIGSTOP itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >suspend.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <RuntimeFrameworkVersion>10.0.12</RuntimeFrameworkVersion>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>true</SelfContained>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.Runtime.InteropServices;

using var registration = args.Length == 0 ? null : PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context => Console.Write($", Cancel {context.Cancel}"));
Console.Write(args.Length == 0 ? "without" : "with");
Thread.Sleep(TimeSpan.FromSeconds(30));
EOF
dotnet build -v quiet >/dev/null 2>&1

seen=
for handler in "" handler; do
    : >output
    bin/Debug/net10.0/linux-x64/suspend $handler >output &
    process=$!
    until [[ -s output ]]; do kill -0 $process; sleep 0.1; done
    kill -TSTP $process
    sleep 1
    state=$(sed -n 's/^State:\t//p' /proc/$process/status)
    kill -KILL $process
    wait $process 2>/dev/null || true
    seen+="$(<output): $state"$'\n'
done
echo -n "$seen"
[[ $seen == "without: T (stopped)
with, Cancel False: S (sleeping)
" ]]
