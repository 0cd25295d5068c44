#!/usr/bin/env bash
# Grpc.HealthCheck 2.85.0.
# Expected: the health contract's file is grpc/health/v1/health.proto, as in the protocol's repository and in other languages, so that reflection
# finds it by that name and it stands beside other files called health.proto.
# Instead: it is called health.proto; a client that asks for the file by its real name is told that there is none.
# Seen on 2026-11-27:
#   grpc.health.v1 is in health.proto
# What we do: clients ask for symbols, not for files.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >name.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Grpc.HealthCheck" Version="2.85.0" />
  </ItemGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
var file = Grpc.Health.V1.Health.Descriptor.File;
Console.WriteLine($"{file.Package} is in {file.Name}");
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "grpc.health.v1 is in health.proto" ]]
