#!/usr/bin/env bash
# Grpc.AspNetCore.HealthChecks 2.85.0 with Grpc.AspNetCore 2.85.0 on ASP.NET Core 10.
# Expected: Watch follows what Check says: with one check that fails, the server is NOT_SERVING.
# Instead: a check that has a period of its own is run in a turn of its own, and the report of that turn has nothing of the other checks. Watch
# takes each report for the whole: it says SERVING after the turn of the healthy check, though the other one has never been healthy, and Check
# says NOT_SERVING all the time.
# Seen on 2026-11-27, with a failing check every 30 s and a healthy one every 2 s:
#   Check: NotServing, Watch: NotServing Serving, Check: NotServing
# What we do: give no check a period of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >periods.csproj <<'EOF'
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

var builder = WebApplication.CreateBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
builder.Logging.ClearProviders();
builder.Services.AddGrpc();
builder.Services.Configure<HealthCheckPublisherOptions>(publisher => publisher.Delay = TimeSpan.FromSeconds(1));
builder.Services.AddGrpcHealthChecks()
    .AddCheck("disk", () => HealthCheckResult.Unhealthy())
    .Add(new HealthCheckRegistration("alive", _ => new Healthy(), null, null) { Delay = TimeSpan.FromSeconds(3), Period = TimeSpan.FromSeconds(2) });
await using var app = builder.Build();
app.MapGrpcHealthChecksService();
await app.StartAsync();

using var channel = GrpcChannel.ForAddress(app.Urls.Single());
var client = new Health.HealthClient(channel);
var before = client.Check(new HealthCheckRequest()).Status;
using var watch = client.Watch(new HealthCheckRequest(), deadline: DateTime.UtcNow.AddSeconds(8));
var watched = new List<HealthCheckResponse.Types.ServingStatus>();
try
{
    await foreach (var message in watch.ResponseStream.ReadAllAsync())
    {
        watched.Add(message.Status);
    }
}
catch (RpcException end) when (end.StatusCode == StatusCode.DeadlineExceeded)
{
}

var after = client.Check(new HealthCheckRequest()).Status;
Console.WriteLine($"Check: {before}, Watch: {string.Join(' ', watched.Where((status, i) => i == 0 || status != watched[i - 1]))}, Check: {after}");

sealed class Healthy : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(HealthCheckResult.Healthy());
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "Check: NotServing, Watch: NotServing Serving, Check: NotServing" ]]
