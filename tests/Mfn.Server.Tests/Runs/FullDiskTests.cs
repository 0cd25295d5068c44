using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

public sealed class FullDiskTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mfn-full-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Steer_LogThatCannotGrow_FailsThatRunAloneAndAppliesNothingUnwritten()
    {
        // The log of one run meets the limit; another one's is short.
        using var server = await ServerProcess.StartAsync(_directory.FullName, maxFileKibibytes: 256);
        var full = await CreateAsync(server);
        var other = await CreateAsync(server);
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = full, Delivery = Delivery.Latest });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        using var steer = server.Runs.SteerRun();
        var appliedCount = 0;
        SteerRunResponse outcome;
        while ((outcome = await SendAsync(steer, full, $"{appliedCount}")).Refused is null)
        {
            appliedCount++;
        }

        var end = new End();
        while (await watch.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
            end = watch.ResponseStream.Current.End ?? end;
        }

        var failed = (await server.Runs.GetRunAsync(new GetRunRequest { RunId = full })).Run;
        using var otherSteer = server.Runs.SteerRun();

        Assert.Equal((int)StatusCode.FailedPrecondition, outcome.Refused.Code);
        Assert.True(appliedCount > 0);
        Assert.Equal((RunState.Failed, (long)appliedCount), (failed.State, failed.Revision));
        Assert.Contains("could not be written", failed.Failure, StringComparison.Ordinal);
        Assert.Equal((EndReason.Failed, failed.Failure), (end.Reason, end.Detail));
        Assert.Equal(1, (await SendAsync(otherSteer, other, "a")).Applied.Revision);
    }

    private static async Task<string> CreateAsync(ServerProcess server) => (await server.Runs.CreateRunAsync(new CreateRunRequest
    {
        Spec = new SimulationSpec { GridSize = 32 },
        Stop = new StopCondition { Never = true },
        Paused = true,
    })).Run.RunId;

    /// <summary>Replaces the field, which takes 8 KiB of the log.</summary>
    private static async Task<SteerRunResponse> SendAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, string runId, string commandId)
    {
        await call.RequestStream.WriteAsync(new SteerRunRequest
        {
            RunId = runId,
            Command = new RunCommand
            {
                CommandId = commandId,
                ReplacePotential = new Field { Rows = 32, Columns = 32, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[32 * 32 * 8]) },
            },
        });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        return call.ResponseStream.Current;
    }
}
