#!/usr/bin/env bash
# Grpc.AspNetCore.Server.Reflection 2.85.0 with Grpc.AspNetCore 2.85.0.
# Expected: reflection lists every gRPC service that is mapped, or the server says which it cannot describe.
# Instead: a service whose base class was not generated, and so is not nested in a class with a static Descriptor, is served but missing in
# reflection; the only word of it is at the log level Debug.
# Seen on 2026-11-27, with one service of each kind that both answer calls:
#   Generated answers, ByHand answers; reflection lists: Generated
#   with a Descriptor; reflection lists: ByHand Generated
# What we do: give the class that [BindServiceMethod] names a public static property Descriptor, as the second half does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >reflection.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Grpc.AspNetCore" Version="2.85.0" />
    <PackageReference Include="Grpc.AspNetCore.Server.Reflection" Version="2.85.0" />
    <PackageReference Include="Grpc.Net.Client" Version="2.85.0" />
    <Protobuf Include="greet.proto" GrpcServices="Both" />
  </ItemGroup>
</Project>
EOF
cat >greet.proto <<'EOF'
syntax = "proto3";
option csharp_namespace = "Greet";
message Text { string text = 1; }
service Generated { rpc Say (Text) returns (Text); }
service ByHand { rpc Say (Text) returns (Text); }
EOF
cat >Program.cs <<'EOF'
using Greet;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Server.Kestrel.Core;

Console.WriteLine($"{await ListAsync<ByHandService>(checkCalls: true)}");
Console.WriteLine($"with a Descriptor; {await ListAsync<DescribedService>(checkCalls: false)}");

static async Task<string> ListAsync<TByHand>(bool checkCalls)
    where TByHand : class
{
    var builder = WebApplication.CreateBuilder();
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
    builder.Logging.ClearProviders();
    builder.Services.AddGrpc();
    builder.Services.AddGrpcReflection();
    await using var app = builder.Build();
    app.MapGrpcService<GeneratedService>();
    app.MapGrpcService<TByHand>();
    app.MapGrpcReflectionService();
    await app.StartAsync();

    using var channel = GrpcChannel.ForAddress(app.Urls.Single());
    var called = "";
    if (checkCalls)
    {
        await new Generated.GeneratedClient(channel).SayAsync(new Text());
        await new ByHand.ByHandClient(channel).SayAsync(new Text());
        called = "Generated answers, ByHand answers; ";
    }

    using var call = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
    await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
    await call.RequestStream.CompleteAsync();
    await call.ResponseStream.MoveNext(CancellationToken.None);
    var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).Where(name => !name.StartsWith("grpc.")).Order();
    return $"{called}reflection lists: {string.Join(' ', names)}";
}

sealed class GeneratedService : Generated.GeneratedBase
{
    public override Task<Text> Say(Text request, ServerCallContext context) => Task.FromResult(request);
}

static class Say
{
    public static readonly Method<Text, Text> Method = new(
        MethodType.Unary,
        "ByHand",
        "Say",
        Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), Text.Parser.ParseFrom),
        Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), Text.Parser.ParseFrom));
}

[BindServiceMethod(typeof(ByHandBase), nameof(BindService))]
abstract class ByHandBase
{
    public static void BindService(ServiceBinderBase binder, ByHandBase? service) =>
        binder.AddMethod(global::Say.Method, service is null ? null : service.Say);

    public abstract Task<Text> Say(Text request, ServerCallContext context);
}

sealed class ByHandService : ByHandBase
{
    public override Task<Text> Say(Text request, ServerCallContext context) => Task.FromResult(request);
}

[BindServiceMethod(typeof(DescribedBase), nameof(BindService))]
abstract class DescribedBase
{
    public static Google.Protobuf.Reflection.ServiceDescriptor Descriptor => ByHand.Descriptor;

    public static void BindService(ServiceBinderBase binder, DescribedBase? service) =>
        binder.AddMethod(global::Say.Method, service is null ? null : service.Say);

    public abstract Task<Text> Say(Text request, ServerCallContext context);
}

sealed class DescribedService : DescribedBase
{
    public override Task<Text> Say(Text request, ServerCallContext context) => Task.FromResult(request);
}
EOF

seen=$(dotnet run)
echo "$seen"
[[ $seen == "Generated answers, ByHand answers; reflection lists: Generated
with a Descriptor; reflection lists: ByHand Generated" ]]
