#!/usr/bin/env bash
# System.CommandLine 3.0.0.
# Expected: a word with dashes that is no option of the command is reported as an unknown option, wherever it stands: `tool --jsn file` for
# `tool --json file`.
# Instead: while an argument of the command has no value yet, the word becomes its value. Alone it is no error at all; before the real value
# that one is reported, which is right; only behind it is the misspelt option itself named.
# Seen on 2026-11-27, with an option --json and an optional argument:
#   --jsn: file is '--jsn', no error
#   --jsn data.npy: file is '--jsn', Unrecognized command or argument 'data.npy'.
#   data.npy --jsn: file is 'data.npy', Unrecognized command or argument '--jsn'.
# What we do: look through the parsed tokens, and refuse arguments that look like options unless they stand behind `--`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >words.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="System.CommandLine" Version="3.0.0" />
  </ItemGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.CommandLine;

var file = new Argument<string>("file") { Arity = ArgumentArity.ZeroOrOne };
var command = new RootCommand { new Option<bool>("--json"), file };
foreach (var line in new[] { "--jsn", "--jsn data.npy", "data.npy --jsn" })
{
    var parsed = command.Parse(line.Split(' '));
    var errors = parsed.Errors.Count == 0 ? "no error" : string.Join(' ', parsed.Errors.Select(error => error.Message));
    Console.WriteLine($"{line}: file is '{parsed.GetValue(file)}', {errors}");
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "--jsn: file is '--jsn', no error
--jsn data.npy: file is '--jsn', Unrecognized command or argument 'data.npy'.
data.npy --jsn: file is 'data.npy', Unrecognized command or argument '--jsn'." ]]
