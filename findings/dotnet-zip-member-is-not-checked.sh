#!/usr/bin/env bash
# .NET runtime 10.0.12 (10.0.15 is alike).
# Expected: reading a member of a ZIP archive to its end, or extracting it, checks its CRC-32, as unzip and Python's zipfile do.
# Instead: ZipArchive hands damaged bytes on without a word; the CRC-32 is there (ZipArchiveEntry.Crc32), but nobody compares it. That of a
# deflated member is found only if what is left is no deflate stream.
# Seen on 2026-11-27, after one bit of a stored member was flipped:
#   Open: 'What is stored', ExtractToFile: 'What is stored', written was 'What is storee'
#   Python: BadZipFile
# What we do: compute the CRC-32 while we read, and compare it at the end. Needs Debian's python3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >archive.csproj <<'EOF'
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
using System.IO.Compression;
using System.Text;

const string Path = "archive.zip";
const string Text = "What is storee";
using (var archive = ZipFile.Open(Path, ZipArchiveMode.Create))
using (var member = archive.CreateEntry("member", CompressionLevel.NoCompression).Open())
{
    member.Write(Encoding.ASCII.GetBytes(Text));
}

var bytes = File.ReadAllBytes(Path);
bytes[bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Text)) + Text.Length - 1] ^= 1;
File.WriteAllBytes(Path, bytes);

using var damaged = ZipFile.OpenRead(Path);
using var reader = new StreamReader(damaged.Entries[0].Open());
var read = reader.ReadToEnd();
damaged.Entries[0].ExtractToFile("extracted");
Console.WriteLine($"Open: '{read}', ExtractToFile: '{File.ReadAllText("extracted")}', written was '{Text}'");
EOF

seen=$(dotnet run)
seen+=$'\n'$(/usr/bin/python3 -c '
import zipfile
try:
    zipfile.ZipFile("archive.zip").read("member")
    print("Python: read")
except zipfile.BadZipFile as error:
    print("Python:", type(error).__name__)')
echo "$seen"
[[ $seen == "Open: 'What is stored', ExtractToFile: 'What is stored', written was 'What is storee'
Python: BadZipFile" ]]
