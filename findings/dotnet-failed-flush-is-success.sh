#!/usr/bin/env bash
# .NET runtime 10.0.12, Linux (10.0.11 to 10.0.14 are alike; 10.0.15 is right).
# Expected: FileStream.Flush(flushToDisk: true) and RandomAccess.FlushToDisk throw an IOException when fsync fails.
# Instead: both return as if the data was on disk; the native part returns 1 where the managed part looks for a negative number.
# Seen on 2026-11-27, when every fsync fails with EIO:
#   10.0.12: Flush returned, FlushToDisk returned
#   10.0.15: Flush threw IOException, FlushToDisk threw IOException
# What we do: call fsync ourselves, and warn at the start of a server on such a runtime. Needs strace, which makes fsync fail.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >flush.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using var file = new FileStream(args[0], FileMode.Create);
file.WriteByte(1);
Console.WriteLine($"Flush {Try(() => file.Flush(flushToDisk: true))}, FlushToDisk {Try(() => RandomAccess.FlushToDisk(file.SafeFileHandle))}");

static string Try(Action flush)
{
    try
    {
        flush();
        return "returned";
    }
    catch (IOException)
    {
        return "threw IOException";
    }
}
EOF

seen=
for version in 10.0.12 10.0.15; do
    dotnet publish -v quiet -r linux-x64 --self-contained -p:RuntimeFrameworkVersion=$version -o "$version" >/dev/null
    seen+="$version: $(strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO "$version/flush" "$work/file")"$'\n'
done
echo -n "$seen"
[[ $seen == "10.0.12: Flush returned, FlushToDisk returned
10.0.15: Flush threw IOException, FlushToDisk threw IOException
" ]]
