#!/usr/bin/env bash
# .NET 10.0.12: double.ToString("R"), and with it System.Text.Json, Newtonsoft's and protobuf's JSON.
# Expected: since .NET Core 3.0 the text of a double reads back to the same bits, whatever the double is.
# Instead: of the 2098 powers of two, two do not: 2^-25 and 2^-958 are written a digit short, and what is written is nearer to the number below. 20 million random doubles
# show nothing of it; whoever counts in powers of two meets it, as with the levels of a quantised signal. A regression of .NET 9 (dotnet/runtime#131131), mended after .NET 10.
# Seen on 2026-11-28:
#   2.980232238769531E-08 False
#   4.104536801298376E-289 False
#   powers of two that do not read back: 2
#   JSON 2.980232238769531E-08 False
# What we do: write these two with 17 digits.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >powers.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.Globalization;
using System.Text.Json;

var invariant = CultureInfo.InvariantCulture;
bool ReadsBack(double value) => double.Parse(value.ToString("R", invariant), invariant) == value;

foreach (var exponent in new[] { -25, -958 })
{
    var value = Math.ScaleB(1, exponent);
    Console.WriteLine($"{value.ToString("R", invariant)} {ReadsBack(value)}");
}

Console.WriteLine($"powers of two that do not read back: {Enumerable.Range(-1074, 2098).Count(exponent => !ReadsBack(Math.ScaleB(1, exponent)))}");
var json = JsonSerializer.Serialize(Math.ScaleB(1, -25));
Console.WriteLine($"JSON {json} {JsonSerializer.Deserialize<double>(json) == Math.ScaleB(1, -25)}");
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "2.980232238769531E-08 False
4.104536801298376E-289 False
powers of two that do not read back: 2
JSON 2.980232238769531E-08 False" ]]
