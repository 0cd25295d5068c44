using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server;
using Mfn.Server.Identity;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Benchmarks.Serving;

/// <summary>
/// What it costs to know who is calling: the rate of unary calls with an API key, with a token, and with an audit log, to that of a server that asks for nothing; and the memory of a
/// watcher.
/// </summary>
internal static class GateMeasurement
{
    private const int Watchers = 2000;
    private const int Identities = 100;
    private const int WatchersOfAConnection = 200;
    private const int MemoryRounds = 5;

    public static async Task RunAsync(int rounds, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("mfn-gate-");
        try
        {
            await MeasureRatesAsync(folder.FullName, rounds, output);
            await MeasureMemoryAsync(folder.FullName, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The servers, until the standard input ends; first it tells their addresses, a line each.</summary>
    public static async Task ServeAsync(string folder)
    {
        string[] withKeys = [$"--Auth:ApiKeys:File={Path.Combine(folder, "keys-1.json")}"];
        string[] withTokens = [$"--Auth:Jwt:KeySetFile={Path.Combine(folder, "jwks.json")}", "--Auth:Jwt:Issuer=https://issuer.example", "--Auth:Jwt:Audience=mfn"];
        await using var nothing = await Server.OpenAsync();
        await using var key = await Server.OpenAsync(withKeys);
        await using var token = await Server.OpenAsync(withTokens);
        await using var audit = await Server.OpenAsync([.. withKeys, $"--Audit:File={Path.Combine(folder, "audit.jsonl")}"]);
        foreach (var server in new[] { nothing, key, token, audit })
        {
            await Console.Out.WriteLineAsync(server.Address);
        }

        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task MeasureRatesAsync(string folder, int rounds, TextWriter output)
    {
        var key = WriteKeys(folder, 1).Keys[0];
        var token = WriteToken(folder);
        RateTurns.KeepOffServers();
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, typeof(GateMeasurement).Assembly.Location] : [Environment.ProcessPath!];
        using var servers = RateTurns.StartServers([.. self, "gate-servers", folder]);
        var sides = new List<IRateSide>();
        try
        {
            foreach (var (name, credential) in new[] { ("nothing", null), ("api-key", key), ("token", token), ("api-key+audit", key) })
            {
                sides.Add(new RateTurns.Side(
                    name, await servers.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The servers have ended."), servers.Id, HeadersOf(credential)));
            }

            await RateTurns.MeasureAsync("gate", sides, rounds, output);
        }
        finally
        {
            sides.ForEach(static side => side.Dispose());
            servers.StandardInput.Close();
            await servers.WaitForExitAsync();
        }
    }

    private static async Task MeasureMemoryAsync(string folder, TextWriter output)
    {
        var keys = WriteKeys(folder, Identities);
        var (without, with) = (new List<double>(), new List<double>());
        for (var round = -1; round < MemoryRounds; round++)
        {
            var (nobody, somebody) = (await BytesOfAWatcherAsync([null]), await BytesOfAWatcherAsync(keys.Keys, $"--Auth:ApiKeys:File={keys.File}"));
            if (round >= 0)
            {
                without.Add(nobody);
                with.Add(somebody);
            }
        }

        var differences = without.Zip(with, (nobody, somebody) => somebody - nobody).Order().ToArray();
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            {"kernel":"gate-memory","watchers":{{Watchers}},"identities":{{Identities}},"rounds":{{MemoryRounds}},"bytes_of_an_anonymous_watcher":{{RateTurns.Quantile([.. without.Order()], 0.5):F0}},"bytes_more_with_a_key":{{RateTurns.Quantile(differences, 0.5):F0}},"least":{{differences[0]:F0}},"most":{{differences[^1]:F0}}}
            """));
    }

    /// <summary>Managed bytes of a watcher, its client's included.</summary>
    public static async Task<double> BytesOfAWatcherAsync(string?[] credentials, params string[] settings)
    {
        await using var server = await Server.OpenAsync(settings);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var headers = credentials.Select(HeadersOf).ToArray();
        var run = (await new RunService.RunServiceClient(channel).CreateRunAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, Stop = new StopCondition { Never = true } }, headers[0])).Run;
        var channels = Enumerable.Range(0, Watchers / WatchersOfAConnection).Select(_ => GrpcChannel.ForAddress(server.Address)).ToArray();
        var watches = new List<AsyncServerStreamingCall<WatchRunResponse>>();
        try
        {
            // What each connection takes anyway.
            await Task.WhenAll(channels.Select(each => new RunService.RunServiceClient(each).GetRunAsync(new GetRunRequest { RunId = run.RunId }, headers[0]).ResponseAsync));
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var i = 0; i < Watchers; i++)
            {
                var watch = new RunService.RunServiceClient(channels[i % channels.Length]).WatchRun(new WatchRunRequest { RunId = run.RunId }, headers[i % headers.Length]);
                watches.Add(watch);
                await watch.ResponseStream.MoveNext(CancellationToken.None);
            }

            return (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Watchers;
        }
        finally
        {
            watches.ForEach(watch => watch.Dispose());
            foreach (var each in channels)
            {
                each.Dispose();
            }
        }
    }

    private static (string File, string[] Keys) WriteKeys(string folder, int count)
    {
        var keys = Enumerable.Range(0, count).Select(_ => ApiKeyText.Create()).ToArray();
        var path = Path.Combine(folder, $"keys-{count}.json");
        using var file = File.Create(path);
        ApiKeyFile.Write(file, keys.Select((key, i) => new ApiKey(
            key.Split('_')[1], $"identity-{i}", TenantName.Default, Roles.Operator, ApiKeyText.Hash(key), DateTimeOffset.UnixEpoch, Expires: null, Revoked: null)));
        return (path, keys);
    }

    private static string WriteToken(string folder)
    {
        using var key = RSA.Create(2048);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        var path = Path.Combine(folder, "jwks.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = "one", n = Encode(parameters.Modulus!), e = Encode(parameters.Exponent!) } } }));
        var expires = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var content = $"{Encode(new { alg = "RS256", typ = "JWT", kid = "one" })}.{Encode(new { iss = "https://issuer.example", aud = "mfn", sub = "somebody", roles = "operator", exp = expires })}";
        return $"{content}.{Encode(key.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";

        static string Encode(object value) => System.Buffers.Text.Base64Url.EncodeToString(value as byte[] ?? JsonSerializer.SerializeToUtf8Bytes(value));
    }

    private static Metadata HeadersOf(string? credential) => credential is null ? [] : new Metadata { { "authorization", $"Bearer {credential}" } };

    private sealed class Server(WebApplication application) : IAsyncDisposable
    {
        public string Address => application.Urls.Single();

        public static async Task<Server> OpenAsync(params string[] settings)
        {
            var application = MfnServer.Build(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", "--Limits:MaxStreamsPerConnection=1000", .. settings]);
            await application.StartAsync();
            return new Server(application);
        }

        public async ValueTask DisposeAsync()
        {
            await application.StopAsync();
            await application.DisposeAsync();
        }
    }
}
