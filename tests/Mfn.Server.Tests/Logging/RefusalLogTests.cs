using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Logging;

/// <summary>Refused calls are logged so many a minute, those of one caller without hiding those of another.</summary>
public sealed class RefusalLogTests : IDisposable
{
    private readonly ServerLog _lines = new();
    private readonly LoggerFactory _loggers;
    private readonly ManualClock _clock = new();
    private readonly RefusalLog _log;

    public RefusalLogTests()
    {
        _loggers = new LoggerFactory([_lines]);
        _log = new RefusalLog(_clock, _loggers.CreateLogger<RefusalLog>());
    }

    [Fact]
    public void ManyOfOneCaller_AreCounted_AndOthersAreLogged()
    {
        Refuse(100, Context("one"));
        Refuse(1, Context("other"));
        Refuse(50, Context(null));

        Assert.Equal(LogQuota.OfOneCaller + 1 + LogQuota.OfEverybody, _lines.Lines.Count);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Refuse(1, Context("one"));
        Assert.Equal(
            [$"{100 - LogQuota.OfOneCaller} calls that were refused or cancelled since the last such line were not logged", "/mfn.v1.RunService/GetRun refused with NotFound: It is gone."],
            _lines.Lines.TakeLast(2).Select(line => line.Message));
    }

    [Fact]
    public void CancelledCalls_CountAmongThem()
    {
        for (var i = 0; i < 100; i++)
        {
            _log.NoteCancelled(Context("one"), StatusCode.Cancelled);
        }

        Refuse(1, Context("one"));

        Assert.Equal(LogQuota.OfOneCaller, _lines.Lines.Count);
    }

    /// <summary>Identities may be as many as an issuer likes.</summary>
    [Fact]
    public void CallersWithoutNumber_ShareOneRate()
    {
        for (var i = 0; i < 10 * RefusalLog.MostCallers; i++)
        {
            Refuse(1, Context($"caller-{i}"));
        }

        Assert.Equal(RefusalLog.MostCallers + LogQuota.OfEverybody, _lines.Lines.Count);
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _lines.Dispose();
    }

    private void Refuse(int count, HttpContext context)
    {
        for (var i = 0; i < count; i++)
        {
            _log.NoteRefused(context, StatusCode.NotFound, "It is gone.");
        }
    }

    private static DefaultHttpContext Context(string? name)
    {
        var context = new DefaultHttpContext { Request = { Path = "/mfn.v1.RunService/GetRun" } };
        context.Features.Set(new CallScope("id", method: null) { Caller = name is null ? null : CallerIdentity.Anonymous with { Name = name } });
        return context;
    }
}
