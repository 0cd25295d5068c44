#!/usr/bin/env bash
# .NET runtime 10.0.12, Linux (10.0.15 is alike).
# Expected: a write to standard output whose reader has gone throws an IOException, as a write to any other pipe does (the runtime ignores
# SIGPIPE), so that a program in `program | head -1` ends.
# Instead: the stream of Console.OpenStandardOutput(), and Console.Write with it, drops what the pipe refuses and returns as if all was well.
# Seen on 2026-11-27, when head has gone after the first of 50 lines, 20 ms apart:
#   Console.Out: 50 lines written
#   OpenStandardOutput: 50 lines written
#   FileStream: IOException
# What we do: poll whether the reader is still there, and stop when it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >pipe.csproj <<'EOF'
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
using Microsoft.Win32.SafeHandles;

const int LineCount = 50;
var write = args[0] switch
{
    "Console.Out" => () => Console.WriteLine("a line"),
    "OpenStandardOutput" => To(Console.OpenStandardOutput()),
    _ => To(new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0)),
};
try
{
    for (var line = 0; line < LineCount; line++)
    {
        write();
        Thread.Sleep(20);
    }

    Console.Error.WriteLine($"{args[0]}: {LineCount} lines written");
}
catch (IOException)
{
    Console.Error.WriteLine($"{args[0]}: IOException");
}

static Action To(Stream stream) => () => stream.Write("a line\n"u8);
EOF
dotnet build -v quiet >/dev/null

for way in Console.Out OpenStandardOutput FileStream; do
    { bin/Debug/net10.0/linux-x64/pipe $way 2>&3 | head -1 >/dev/null; } 3>>seen
done
seen=$(<seen)
echo "$seen"
[[ $seen == "Console.Out: 50 lines written
OpenStandardOutput: 50 lines written
FileStream: IOException" ]]
