using System.Diagnostics;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

public sealed class ServerRestartTests : IDisposable
{
    private const int Steps = 200;
    private const int FramesBefore = 20;

    private static readonly SimulationSpec Spec = new() { GridSize = 16, Steps = Steps, JitterEnabled = true };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-restart-");
    private readonly List<StatusCode> _losses = [];

    private WatchOptions Options => new()
    {
        InitialBackoff = TimeSpan.FromMilliseconds(50),
        MaxBackoff = TimeSpan.FromMilliseconds(200),
        Jitter = () => 1,
        Reconnecting = (error, _) => _losses.Add(error.StatusCode),
    };

    [Theory]
    [InlineData("KILL", FieldEncoding.Float64)]
    [InlineData("TERM", FieldEncoding.Float64)]
    [InlineData("KILL", FieldEncoding.Quantized8)]
    public async Task WatchAsync_ServerWithDataStartedAgain_GivesEachFrameOnce(string signal, FieldEncoding encoding)
    {
        var data = $"Runs:DataDirectory={_folder.FullName}";
        using var first = MfnProcess.Start("serve", "--urls", "http://127.0.0.1:0", "--set", data);
        var address = await AddressAsync(first);
        using var client = new MfnClient(new MfnClientOptions { Address = address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = Spec, StepsPerSecond = 100 });
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = encoding, KeyFrameInterval = 7 };

        var frames = new List<FrameEvent>();
        EndEvent? end = null;
        MfnProcess? second = null;
        await foreach (var told in client.Runs.WatchAsync(request, Options))
        {
            Assert.IsNotType<GapEvent>(told);
            end = told as EndEvent;
            if (told is FrameEvent frame)
            {
                frames.Add(frame);
                if (frames.Count == FramesBefore)
                {
                    second = await RestartAsync(first, signal, address, "--set", data);
                }
            }
        }

        using (second)
        {
            Assert.NotEmpty(_losses);
            Assert.Equal(EndReason.Stopped, end!.Reason);
            Assert.Equal(Enumerable.Range(0, Steps + 1), frames.Select(frame => (int)frame.Position.Step));
            var expected = await FieldsAsync(client);
            foreach (var (frame, field) in frames.Skip(1).Zip(expected))
            {
                AssertNear(field.ToCells(), frame.Cells.Span, frame.Field!.LargestErrorVolts);
                Assert.Equal(encoding == FieldEncoding.Float64, frame.Field.LargestErrorVolts == 0);
            }
        }
    }

    [Fact]
    public async Task WatchAsync_ServerWithoutDataStartedAgain_SaysThatTheRunIsGone()
    {
        using var first = MfnProcess.Start("serve", "--urls", "http://127.0.0.1:0");
        var address = await AddressAsync(first);
        using var client = new MfnClient(new MfnClientOptions { Address = address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = Spec, StepsPerSecond = 10 });

        MfnProcess? second = null;
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (var told in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, Options))
            {
                second ??= await RestartAsync(first, "KILL", address);
            }
        });

        using (second)
        {
            Assert.Equal(StatusCode.NotFound, error.StatusCode);
            Assert.NotEmpty(_losses);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<Uri> AddressAsync(MfnProcess server) => new((await server.Output.ReadLineAsync().Within())!["Listening on ".Length..]);

    private static async Task<MfnProcess> RestartAsync(MfnProcess server, string signal, Uri address, params string[] settings)
    {
        using (Process.Start("kill", [$"-{signal}", $"{server.Id}"]))
        {
            await server.ExitCodeAsync();
        }

        var again = MfnProcess.Start(["serve", "--urls", address.ToString(), .. settings]);
        await AddressAsync(again);
        return again;
    }

    /// <summary>The fields of the run that is watched, from step 1, as a run that its caller owns gives them.</summary>
    private static async Task<List<Field>> FieldsAsync(MfnClient client)
    {
        var fields = new List<Field>();
        await foreach (var response in client.StreamSimulationAsync(new StreamSimulationRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 }))
        {
            if (response.Frame is { } frame)
            {
                fields.Add(frame.Field);
            }
        }

        return fields;
    }

    private static void AssertNear(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(Math.Abs(actual[i] - expected[i]), 0, tolerance);
        }
    }
}
