using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Quotas;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Quotas;

/// <summary>The file with the quotas of certain identities and tenants.</summary>
public sealed class QuotaExceptionsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"mfn-quotas-{Guid.NewGuid():N}.json");

    [Fact]
    public void Entry_ChangesWhatItNamesAlone()
    {
        var exceptions = QuotaExceptions.Read("""
            { "format_version": 1,
              "identities": [ { "name": "alice", "tenant": "lab", "cell_steps_per_second": 5000000, "live_runs": null, "burst_time": "00:00:02" } ],
              "tenants": [ { "name": "lab", "open_calls": 7 } ] }
            """);
        var others = new QuotaLimits(1_000_000, TimeSpan.FromSeconds(10), 3, 4, 5, 6, 8);

        Assert.Equal(others with { CellStepsPerSecond = 5_000_000, LiveRuns = null, BurstTime = TimeSpan.FromSeconds(2) }, exceptions.OfIdentity("lab", "alice", others));
        Assert.Equal(others, exceptions.OfIdentity("default", "alice", others));
        Assert.Equal(others with { OpenCalls = 7 }, exceptions.OfTenant("lab", others));
        Assert.Equal(others, exceptions.OfTenant("default", others));
    }

    [Theory]
    [InlineData("[]", "is no file of quotas")]
    [InlineData("{\"format_version\":2,\"identities\":[],\"tenants\":[]}", "has format version 2, but this server reads 1.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a b\"}],\"tenants\":[]}", "has a wrong identity 0, which must have a name of 1 to 128 visible ASCII characters.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a\"},{\"name\":\"a\"}],\"tenants\":[]}", "has a wrong identity 1, which must be there once, but a of the tenant default is there twice.")]
    [InlineData("{\"format_version\":1,\"identities\":[],\"tenants\":[{\"name\":\"A\"}]}", "has a wrong tenant 0, which must have a name of 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends.")]
    [InlineData("{\"format_version\":1,\"identities\":[],\"tenants\":[{\"name\":\"a\",\"tenant\":\"b\"}]}", "has a wrong tenant 0, which must have its name in name, and no tenant.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a\",\"run\":1}],\"tenants\":[]}", "has a wrong identity 0, which must have cell_steps_per_second, burst_time, live_runs, watchers, history_bytes, upload_bytes, open_calls, but has 'run'.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a\",\"open_calls\":0}],\"tenants\":[]}", "has a wrong identity 0, which has open_calls, which must be between 1 and 1000000, but was 0.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a\",\"burst_time\":null}],\"tenants\":[]}", "has a wrong identity 0, which must have a time for burst_time, but has null.")]
    [InlineData("{\"format_version\":1,\"identities\":[{\"name\":\"a\",\"burst_time\":10}],\"tenants\":[]}", "has a wrong identity 0, which has burst_time, which must be a time such as 00:00:10")]
    public void Read_OfSomethingElse_SaysWhatIsWrong(string text, string problem)
    {
        Assert.StartsWith(problem, Assert.Throws<InvalidDataException>(() => QuotaExceptions.Read(text)).Message, StringComparison.Ordinal);

        File.WriteAllText(_path, text);
        var told = Assert.Single(MfnServer.FindProblems("--set", $"Auth:Quotas:File={_path}"));
        Assert.StartsWith($"--set Auth:Quotas:File must be a file of quotas, but '{_path}' {problem}", told, StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsNotThere_KeepsAServerFromStarting() => Assert.Equal(
        ["--set Auth:Quotas:File must be an existing file, but there is no '/nowhere/quotas.json'."],
        MfnServer.FindProblems("--set", "Auth:Quotas:File=/nowhere/quotas.json"));

    [Fact]
    public void File_ThatChanges_IsInForceAndTakesNothingBack()
    {
        File.WriteAllText(_path, """{ "format_version": 1, "identities": [], "tenants": [] }""");
        var clock = new WallClock(QuotaLedgers.Start);
        using var ledger = QuotaLedgers.Create(clock, new IdentityQuotaOptions { CellStepsPerSecond = 1_000_000, LiveRuns = 1 }, exceptions: new QuotaExceptionOptions { File = _path });
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        account.Reserve(10_000_000).UseAll();
        using var run = account.Hold(QuotaKind.LiveRuns);
        Assert.Throws<CallRefusedException>(() => account.Hold(QuotaKind.LiveRuns));

        File.WriteAllText(_path, """{ "format_version": 1, "identities": [ { "name": "alice", "cell_steps_per_second": 2000000, "live_runs": 2 } ], "tenants": [] }""");
        clock.Advance(TimeSpan.FromSeconds(4));

        using var second = account.Hold(QuotaKind.LiveRuns);

        // It is noticed with the next call: until then it was a million a second.
        Assert.Equal(TimeSpan.FromSeconds(1) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(6_000_000))).Wait);
    }

    public void Dispose() => File.Delete(_path);
}
