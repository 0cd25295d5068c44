#!/usr/bin/env bash
# Grpc.AspNetCore.HealthChecks 2.85.0 with Grpc.AspNetCore 2.85.0.
# Expected: when a server is told to stop, Watch says NOT_SERVING and stays open until the server has drained, so that the watcher knows of a
# server that still serves what is under way; it then ends with UNAVAILABLE like every other call that the server ends.
# Instead: Watch says NOT_SERVING and ends at once with OK, as if all had been said, while other calls go on.
# Seen on 2026-11-27, with a call under way that takes 3 s:
#   Serving
#   NotServing
#   OK, while the other call was still open
# What we do: SuppressCompletionOnShutdown, and an end of our own after the drain.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >watch.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Grpc.AspNetCore" Version="2.85.0" />
    <PackageReference Include="Grpc.AspNetCore.HealthChecks" Version="2.85.0" />
    <PackageReference Include="Grpc.Net.Client" Version="2.85.0" />
  </ItemGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
builder.Services.AddGrpc();
builder.Services.AddGrpcHealthChecks().AddCheck("alive", () => HealthCheckResult.Healthy());
var app = builder.Build();
app.MapGrpcHealthChecksService();
app.MapGet("/slow", async context =>
{
    await context.Response.Body.FlushAsync();
    await Task.Delay(3000);
});
await app.StartAsync();
var stopped = app.WaitForShutdownAsync();

var address = app.Urls.Single();
using var http = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
using var slow = await http.GetAsync(address + "/slow", HttpCompletionOption.ResponseHeadersRead);
var other = slow.Content.ReadAsByteArrayAsync();
using var channel = GrpcChannel.ForAddress(address);
using var watch = new Health.HealthClient(channel).Watch(new HealthCheckRequest());
await watch.ResponseStream.MoveNext(CancellationToken.None);
Console.WriteLine(Name(watch));

System.Diagnostics.Process.Start("kill", ["-TERM", Environment.ProcessId.ToString()]);
while (await watch.ResponseStream.MoveNext(CancellationToken.None))
{
    Console.WriteLine(Name(watch));
}

Console.WriteLine($"{watch.GetStatus().StatusCode}, while the other call was {(other.IsCompleted ? "over" : "still open")}");
await other;
await stopped;

static HealthCheckResponse.Types.ServingStatus Name(AsyncServerStreamingCall<HealthCheckResponse> watch) => watch.ResponseStream.Current.Status;
EOF

seen=$(dotnet run | uniq)
echo "$seen"
[[ $seen == "Serving
NotServing
OK, while the other call was still open" ]]
