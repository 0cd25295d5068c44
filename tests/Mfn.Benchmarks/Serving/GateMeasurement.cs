using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Core.Randomness;
using Mfn.Server;
using Mfn.Server.Identity;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Benchmarks.Serving;

/// <summary>
/// What it costs to know who is calling: the rate of unary calls with an API key, with a token, and with an audit log, to that of a server that asks for nothing; and the memory of a
/// watcher. All servers are in this process and take turns, in another order each round, so that what else the machine does meets all of them; the client's work is in every rate.
/// </summary>
internal static class GateMeasurement
{
    private const int CallsOfATurn = 4000;
    private const int Callers = 8;
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

    private static async Task MeasureRatesAsync(string folder, int rounds, TextWriter output)
    {
        var keys = WriteKeys(folder, 1);
        var (keySet, token) = WriteToken(folder);
        string[] withKeys = [$"--Auth:ApiKeys:File={keys.File}"];
        string[] withTokens = [$"--Auth:Jwt:KeySetFile={keySet}", "--Auth:Jwt:Issuer=https://issuer.example", "--Auth:Jwt:Audience=mfn"];
        await using var anonymous = await Side.OpenAsync("nothing", null);
        await using var withKey = await Side.OpenAsync("api-key", keys.Keys[0], withKeys);
        await using var withToken = await Side.OpenAsync("token", token, withTokens);
        await using var withAudit = await Side.OpenAsync("api-key+audit", keys.Keys[0], [.. withKeys, $"--Audit:File={Path.Combine(folder, "audit.jsonl")}"]);
        Side[] sides = [anonymous, withKey, withToken, withAudit];
        var turns = sides.ToDictionary(side => side, _ => new List<(double Seconds, double ProcessorSeconds)>());
        var random = new RandomGenerator(1);
        for (var round = -rounds / 10; round < rounds; round++)
        {
            foreach (var side in sides.OrderBy(_ => random.NextDouble()).ToArray())
            {
                var taken = await side.CallAsync();
                if (round >= 0)
                {
                    turns[side].Add(taken);
                }
            }
        }

        foreach (var side in sides)
        {
            var rates = turns[anonymous].Zip(turns[side], (least, taken) => least.Seconds / taken.Seconds).Order().ToArray();
            var times = turns[anonymous].Zip(turns[side], (least, taken) => least.ProcessorSeconds / taken.ProcessorSeconds).Order().ToArray();
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
                {"kernel":"gate","credential":"{{side.Name}}","rounds":{{rounds}},"calls_per_second":{{CallsOfATurn / Quantile([.. turns[side].Select(turn => turn.Seconds).Order()], 0.5):F0}},"rate_to_nothing":{{Tell(rates)}},"calls_per_processor_second_to_nothing":{{Tell(times)}}}
                """));
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
            {"kernel":"gate-memory","watchers":{{Watchers}},"identities":{{Identities}},"rounds":{{MemoryRounds}},"bytes_of_an_anonymous_watcher":{{Quantile([.. without.Order()], 0.5):F0}},"bytes_more_with_a_key":{{Quantile(differences, 0.5):F0}},"least":{{differences[0]:F0}},"most":{{differences[^1]:F0}}}
            """));
    }

    /// <summary>Managed bytes of a watcher, its client's included.</summary>
    private static async Task<double> BytesOfAWatcherAsync(string?[] credentials, params string[] settings)
    {
        await using var side = await Side.OpenAsync("watched", credentials[0], settings);
        var headers = credentials.Select(Side.HeadersOf).ToArray();
        var run = (await new RunService.RunServiceClient(side.Channel).CreateRunAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, Stop = new StopCondition { Never = true } }, headers[0])).Run;
        var channels = Enumerable.Range(0, Watchers / WatchersOfAConnection).Select(_ => GrpcChannel.ForAddress(side.Address)).ToArray();
        var watches = new List<AsyncServerStreamingCall<WatchRunResponse>>();
        try
        {
            // What each connection takes anyway.
            await Task.WhenAll(channels.Select(channel => new RunService.RunServiceClient(channel).GetRunAsync(new GetRunRequest { RunId = run.RunId }, headers[0]).ResponseAsync));
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
            foreach (var channel in channels)
            {
                channel.Dispose();
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

    private static (string KeySet, string Token) WriteToken(string folder)
    {
        using var key = RSA.Create(2048);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        var path = Path.Combine(folder, "jwks.json");
        File.WriteAllText(path, JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", use = "sig", kid = "one", n = Encode(parameters.Modulus!), e = Encode(parameters.Exponent!) } } }));
        var expires = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        var content = $"{Encode(new { alg = "RS256", typ = "JWT", kid = "one" })}.{Encode(new { iss = "https://issuer.example", aud = "mfn", sub = "somebody", roles = "operator", exp = expires })}";
        return (path, $"{content}.{Encode(key.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}");

        static string Encode(object value) => System.Buffers.Text.Base64Url.EncodeToString(value as byte[] ?? JsonSerializer.SerializeToUtf8Bytes(value));
    }

    // The median between the quartiles.
    private static string Tell(double[] sorted) =>
        string.Create(CultureInfo.InvariantCulture, $"[{Quantile(sorted, 0.25):F3},{Quantile(sorted, 0.5):F3},{Quantile(sorted, 0.75):F3}]");

    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var (low, high) = (sorted[(int)place], sorted[(int)Math.Ceiling(place)]);
        return low + ((place - Math.Floor(place)) * (high - low));
    }

    /// <summary>One server, and a client with one connection to it.</summary>
    private sealed class Side : IAsyncDisposable
    {
        private readonly WebApplication _server;
        private readonly MembraneService.MembraneServiceClient _client;
        private readonly Metadata _headers;

        private Side(string name, WebApplication server, string? credential)
        {
            (Name, _server, _headers) = (name, server, HeadersOf(credential));
            Channel = GrpcChannel.ForAddress(Address);
            _client = new MembraneService.MembraneServiceClient(Channel);
        }

        public string Name { get; }

        public GrpcChannel Channel { get; }

        public string Address => _server.Urls.Single();

        public static Metadata HeadersOf(string? credential) => credential is null ? [] : new Metadata { { "authorization", $"Bearer {credential}" } };

        public static async Task<Side> OpenAsync(string name, string? credential, params string[] settings)
        {
            var server = MfnServer.Build(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", "--Limits:MaxStreamsPerConnection=1000", .. settings]);
            await server.StartAsync();
            return new Side(name, server, credential);
        }

        /// <summary>Seconds that a turn of calls takes, the lightest that there are, and seconds of processors.</summary>
        public async Task<(double Seconds, double ProcessorSeconds)> CallAsync()
        {
            GC.Collect();
            var request = new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 };
            var (start, processors) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < CallsOfATurn / Callers; i++)
                {
                    await _client.ComputeNernstPotentialAsync(request, _headers);
                }
            })));
            return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - processors).TotalSeconds);
        }

        public async ValueTask DisposeAsync()
        {
            Channel.Dispose();
            await _server.StopAsync();
            await _server.DisposeAsync();
        }
    }
}
