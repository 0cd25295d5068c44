#!/usr/bin/env bash
# .NET runtime 10.0.12 (10.0.15 is alike).
# Expected: a server that does not answer an HTTP/2 keep-alive ping within KeepAlivePingTimeout shows as a time-out: a TimeoutException inside, as
# with ConnectTimeout, or at least an error of its own.
# Instead: SocketsHttpHandler says what it says of a server that breaks the protocol, HttpProtocolError with the code 1 (PROTOCOL_ERROR), and the
# text, which alone tells them apart, blames KeepAlivePingDelay.
# Seen on 2026-11-27, with a server that falls silent after its settings:
#   HttpRequestException HttpProtocolError
#   HttpProtocolException 1: The HTTP/2 server didn't respond to a ping request within the configured KeepAlivePingDelay. (HttpProtocolError)
# What we do: look for "ping request" in the text, so that a dead server is not called one that speaks no HTTP/2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >ping.csproj <<'EOF'
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
using System.Net;
using System.Net.Sockets;

// Speaks HTTP/2 as far as a connection needs, and answers nothing then, as a server does that hangs or whose machine has gone.
using var listener = new TcpListener(IPAddress.Loopback, 0);
listener.Start();
_ = Task.Run(async () =>
{
    using var connection = await listener.AcceptTcpClientAsync();
    var stream = connection.GetStream();
    await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0 });
    await stream.CopyToAsync(Stream.Null);
});

var handler = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TimeSpan.FromSeconds(1) };
using var http = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
try
{
    await http.GetAsync($"http://{listener.LocalEndpoint}/");
}
catch (Exception error)
{
    for (var cause = error; cause is not null; cause = cause.InnerException)
    {
        var code = cause switch
        {
            HttpRequestException request => $" {request.HttpRequestError}",
            HttpProtocolException protocol => $" {protocol.ErrorCode}: {protocol.Message}",
            _ => "",
        };
        Console.WriteLine($"{cause.GetType().Name}{code}");
    }
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "HttpRequestException HttpProtocolError
HttpProtocolException 1: The HTTP/2 server didn't respond to a ping request within the configured KeepAlivePingDelay. (HttpProtocolError)" ]]
