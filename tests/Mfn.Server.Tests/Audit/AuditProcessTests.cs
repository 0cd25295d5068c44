using System.Diagnostics;
using System.Runtime.InteropServices;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Audit;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Audit;

/// <summary>Servers in processes of their own, which are killed, or whose disk is full.</summary>
public sealed class AuditProcessTests : IDisposable
{
    // With the first the runtime keeps its code in a file of its own that is larger than the limit. The limit can be raised later.
    private const string SmallDisk = "export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -S -f 64; exec \"$@\"";

    private const int FileSize = 1;

    // Of each of ten callers, far more than there are lines to wait for.
    private const int MostCalls = 100_000;

    private readonly AuditFolder _folder = new();

    [Theory]
    [InlineData(50)]
    [InlineData(700)]
    public async Task Log_OfAServerThatIsKilled_IsSoundAndGoesOn(int lineCount)
    {
        using var process = Start("exec \"$@\"", "Audit:MaxFileBytes=65536");
        using (var channel = await ConnectAsync(process))
        {
            var runs = new RunService.RunServiceClient(channel);
            var calling = Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
            {
                for (var i = 0; i < MostCalls; i++)
                {
                    await runs.ListRunsAsync(new ListRunsRequest());
                }
            }));
            await _folder.WaitForAsync(line => line.GetProperty("seq").GetInt64() >= lineCount);
            await process.KillAsync();
            await Assert.ThrowsAsync<RpcException>(() => calling.Within());
        }

        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Null(verification.Problem);
        Assert.InRange(verification.LineCount, lineCount, long.MaxValue);
        await (await TestServer.StartAsync(_folder.Setting, "Audit:MaxFileBytes=65536")).StopAsync();
        var after = AuditVerification.OfLog(_folder.Path);
        Assert.Equal((null, verification.LineCount + 2, 1), (after.Problem, after.LineCount, after.UnclosedCount));
    }

    /// <summary>Nothing is done that nobody would know of; and what was done has not been forgotten when there is room again.</summary>
    [Fact]
    public async Task FullDisk_ByDefault_EndsServiceUntilThereIsRoom()
    {
        using var process = Start(SmallDisk);
        using var channel = await ConnectAsync(process);
        var runs = new RunService.RunServiceClient(channel);
        var served = 0;
        var refusal = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            for (; served < 10_000; served++)
            {
                await runs.ListRunsAsync(new ListRunsRequest()).ResponseAsync.Within();
            }
        });
        Assert.Equal((StatusCode.Unavailable, "The server cannot write its audit log, and serves no calls until it can."), (refusal.StatusCode, refusal.Status.Detail));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(new HealthCheckRequest())).Status);

        Assert.Equal(0, SetLimit(process.Id, FileSize, [ulong.MaxValue, ulong.MaxValue], 0));
        var refused = 1;
        await Patience.UntilAsync(async () =>
        {
            var isServed = await IsServedAsync(runs);
            refused += isServed ? 0 : 1;
            return isServed;
        });

        await _folder.WaitForAsync(line => AuditFolder.Member(line, "event") == "resumed");
        await StopAsync(process);
        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
        Assert.Equal(0, AuditVerification.OfLog(_folder.Path).LostCount);
        Assert.Equal(served + 1, _folder.Lines.Count(line => AuditFolder.Member(line, "rpc") == "mfn.v1.RunService/ListRuns" && AuditFolder.Member(line, "code") == "OK"));
        Assert.Equal(refused, _folder.Lines.Where(line => AuditFolder.Member(line, "reason") == "AUDIT_UNAVAILABLE").Sum(line => line.TryGetProperty("count", out var count) ? count.GetInt32() : 1));
        Assert.Contains("The audit log cannot be written, and calls are refused until it can", await process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FullDisk_ForWhomServiceComesFirst_LosesEventsAndCountsThem()
    {
        const int Count = 1000;
        using var process = Start(SmallDisk, "Audit:ServeWhenUnwritable=true");
        using var channel = await ConnectAsync(process);
        var runs = new RunService.RunServiceClient(channel);
        for (var i = 0; i < Count; i++)
        {
            await runs.ListRunsAsync(new ListRunsRequest()).ResponseAsync.Within();
        }

        Assert.Equal(0, SetLimit(process.Id, FileSize, [ulong.MaxValue, ulong.MaxValue], 0));
        await _folder.WaitForAsync(line => AuditFolder.Member(line, "event") == "resumed");
        await StopAsync(process);

        var verification = AuditVerification.OfLog(_folder.Path);
        Assert.Null(verification.Problem);
        Assert.InRange(verification.LostCount, 1, Count);
        Assert.Equal(Count, verification.LostCount + _folder.Lines.Count(line => AuditFolder.Member(line, "event") == "call"));
    }

    public void Dispose() => _folder.Dispose();

    // util-linux has a command for it, which need not be there.
    [DllImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int process, int resource, ulong[] limit, nint old);

    private static async Task<bool> IsServedAsync(RunService.RunServiceClient runs)
    {
        try
        {
            await runs.ListRunsAsync(new ListRunsRequest()).ResponseAsync.Within();
            return true;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    private static async Task StopAsync(MfnProcess process)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        Assert.Equal(0, await process.ExitCodeAsync());
    }

    private static async Task<GrpcChannel> ConnectAsync(MfnProcess process)
    {
        var line = await process.Output.ReadLineAsync().Within() ?? throw new InvalidOperationException(await process.Error);
        return GrpcChannel.ForAddress(line.Split(' ')[^1]);
    }

    private MfnProcess Start(string shell, params string[] settings) =>
        MfnProcess.StartInShell(shell, ["serve", "--urls", "http://127.0.0.1:0", "--set", _folder.Setting, .. settings.SelectMany(setting => new[] { "--set", setting })]);
}
