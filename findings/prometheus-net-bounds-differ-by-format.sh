#!/usr/bin/env bash
# prometheus-net 8.2.1: the bounds of a histogram in the two formats that Prometheus negotiates.
# Expected: a bucket has one name, so that a rule that selects le="10" finds it, whichever format the scrape was in.
# Instead: the text format has le="10", OpenMetrics has le="10.0" (as its specification asks for canonical numbers), and since Prometheus asks for OpenMetrics first,
# the stored series is le="10.0". A rule or a dashboard made from the page that a browser shows selects nothing, and says nothing of it: an alert that never fires.
# Seen on 2026-11-28:
#   text: 0.25 10
#   OpenMetrics: 0.25 10.0
# What we do: rules and dashboards select le=~"10|10.0" wherever a bound is a whole number.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >bounds.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.Extensions.Http" Version="3.1.3" />
    <PackageReference Include="Microsoft.Extensions.ObjectPool" Version="8.0.11" />
    <PackageReference Include="prometheus-net" Version="8.2.1" />
  </ItemGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.Text;
using System.Text.RegularExpressions;
using Prometheus;

var registry = Metrics.NewCustomRegistry();
Metrics.WithCustomRegistry(registry).CreateHistogram("wait_seconds", "How long.", new HistogramConfiguration { Buckets = [0.25, 10] }).Observe(1);
foreach (var (name, format) in new[] { ("text", ExpositionFormat.PrometheusText), ("OpenMetrics", ExpositionFormat.OpenMetricsText) })
{
    using var page = new MemoryStream();
    await registry.CollectAndExportAsTextAsync(page, format);
    var bounds = Regex.Matches(Encoding.UTF8.GetString(page.ToArray()), "le=\"([0-9.]+)\"").Select(match => match.Groups[1].Value);
    Console.WriteLine($"{name}: {string.Join(' ', bounds)}");
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "text: 0.25 10
OpenMetrics: 0.25 10.0" ]]
