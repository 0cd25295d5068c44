#!/usr/bin/env bash
# .NET 10.0.12: HttpClient, and so Grpc.Net.Client, under a span of the caller's own, with OpenTelemetry's usual way of listening to named sources.
# Expected: the traceparent that goes out names the caller's span as the parent, since that is what is under way and recorded, and nobody listens to HttpClient's.
# Instead: because something is under way, the client begins an activity of its own, which no source has announced and nobody records or exports, and sends that one's id.
# The server's span has a parent that no collector ever gets: the trace falls into two trees that only share an id.
# Seen on 2026-11-28:
#   same trace: True
#   the parent sent is the recorded span: False
# What we do: set traceparent ourselves; the client leaves one alone that is there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >spans.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using System.Diagnostics;
using System.Net;

using var listener = new ActivityListener
{
    ShouldListenTo = source => source.Name == "Caller",
    Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
};
ActivitySource.AddActivityListener(listener);
using var source = new ActivitySource("Caller");

using var server = new HttpListener();
server.Prefixes.Add("http://127.0.0.1:18123/");
server.Start();
var serving = Task.Run(async () =>
{
    var context = await server.GetContextAsync();
    var sent = context.Request.Headers["traceparent"]!;
    context.Response.Close();
    return ActivityContext.Parse(sent, null);
});

using var span = source.StartActivity("call", ActivityKind.Client)!;
using var http = new HttpClient();
using var answer = await http.GetAsync("http://127.0.0.1:18123/");
var parent = await serving;
Console.WriteLine($"same trace: {parent.TraceId == span.TraceId}");
Console.WriteLine($"the parent sent is the recorded span: {parent.SpanId == span.SpanId}");
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "same trace: True
the parent sent is the recorded span: False" ]]
