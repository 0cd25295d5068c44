#!/usr/bin/env bash
# Grpc.StatusProto 2.85.0 with Google.Api.CommonProtos 2.17.0.
# Expected: RpcException.GetRpcStatus(), which gives null without details, gives null or a word of its own for details that a proxy damaged;
# so does GetDetail<T>() for one detail.
# Instead: both throw InvalidProtocolBufferException, in the middle of handling another error. Only the method on Metadata can be told not to
# (ignoreParseError), and GetDetail cannot.
# Seen on 2026-11-27:
#   absent: null
#   damaged status: InvalidProtocolBufferException
#   damaged status, ignoreParseError: null
#   damaged detail: InvalidProtocolBufferException
# What we do: one catch around both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >details.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Grpc.StatusProto" Version="2.85.0" />
    <PackageReference Include="Google.Api.CommonProtos" Version="2.17.0" />
  </ItemGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

const string Trailer = "grpc-status-details-bin";
var damaged = Failed(new Metadata { { Trailer, new byte[] { 0xFF, 0xFF } } });
var detail = Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "size" } } });
detail.Value = ByteString.CopyFrom(detail.Value.Span[..^1]);
var damagedDetail = new Google.Rpc.Status { Code = 3, Details = { detail } }.ToRpcException();

Console.WriteLine($"absent: {Try(() => Failed([]).GetRpcStatus())}");
Console.WriteLine($"damaged status: {Try(() => damaged.GetRpcStatus())}");
Console.WriteLine($"damaged status, ignoreParseError: {Try(() => damaged.Trailers.GetRpcStatus(ignoreParseError: true))}");
Console.WriteLine($"damaged detail: {Try(() => damagedDetail.GetRpcStatus()!.GetDetail<BadRequest>())}");

static RpcException Failed(Metadata trailers) => new(new Grpc.Core.Status(StatusCode.InvalidArgument, "bad"), trailers);

static string Try(Func<object?> read)
{
    try
    {
        return read() is null ? "null" : "a value";
    }
    catch (Exception error)
    {
        return error.GetType().Name;
    }
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "absent: null
damaged status: InvalidProtocolBufferException
damaged status, ignoreParseError: null
damaged detail: InvalidProtocolBufferException" ]]
