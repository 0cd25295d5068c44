using Grpc.Core;
using Mfn.Server.Audit;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Audit;

/// <summary>Whoever calls how often: the log grows by so much a minute, and no call is forgotten.</summary>
public sealed class AlikeCallsTests
{
    private readonly WallClock _clock = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Flood_OfStrangers_IsTold16TimesAndThenCounted()
    {
        var alike = new AlikeCalls(_clock);

        var told = Enumerable.Range(0, 100_000).Count(i => alike.ShouldTell(Call(peer: $"10.0.0.1:{i}"), mayTell: true));

        Assert.Equal(AlikeCalls.MostOfStrangers, told);
        Assert.Empty(alike.Take(isEnd: false));
        _clock.Advance(AlikeCalls.Window);
        var counted = Assert.Single(alike.Take(isEnd: false));
        Assert.Equal((AuditEventKind.Calls, "10.0.0.1", StatusCode.Unauthenticated, "CREDENTIAL_MISSING"), (counted.Kind, counted.Peer, counted.Code, counted.Reason));
        Assert.Contains(("count", (object)(100_000L - told)), counted.Facts);
        Assert.True(alike.ShouldTell(Call(), mayTell: true));
    }

    /// <summary>A million addresses make no million lines.</summary>
    [Fact]
    public void Flood_FromManyPlaces_MakesABoundedNumberOfEvents()
    {
        var alike = new AlikeCalls(_clock);

        var told = Enumerable.Range(0, 50_000).Count(i => alike.ShouldTell(Call(peer: $"10.{i / 65536}.{i / 256 % 256}.{i % 256}:1"), mayTell: true));

        var counted = alike.Take(isEnd: true);
        Assert.InRange(counted.Count, 1, AlikeCalls.MostKinds + 1);
        Assert.Equal(50_000, told + counted.Sum(CountOf));
        Assert.Equal("several", counted.MaxBy(CountOf)!.Peer);
    }

    /// <summary>What strangers do leaves room for those who are known.</summary>
    [Fact]
    public void Caller_WhoIsKnown_IsToldTenTimesForEachKindWhateverStrangersDo()
    {
        var alike = new AlikeCalls(_clock);
        for (var i = 0; i < 1000; i++)
        {
            alike.ShouldTell(Call(), mayTell: true);
        }

        var lab = new CallerIdentity("lab", "default", Roles.Viewer, CredentialKind.ApiKey, "0123456789ab");
        var told = Enumerable.Range(0, 100).Count(_ => alike.ShouldTell(Call(caller: lab), mayTell: true));

        Assert.Equal(AlikeCalls.MostOfOneKind, told);
        Assert.Contains(alike.Take(isEnd: true), each => each.Caller == lab && CountOf(each) == 90);
    }

    [Fact]
    public void Call_WhileTheLogCannotBeWritten_IsCounted()
    {
        var alike = new AlikeCalls(_clock);

        Assert.False(alike.ShouldTell(Call(), mayTell: false));

        Assert.Equal(1, CountOf(Assert.Single(alike.Take(isEnd: true))));
        Assert.Empty(alike.Take(isEnd: true));
    }

    private static long CountOf(AuditEvent each) => (long)each.Facts.Single(fact => fact.Name == "count").Value;

    private AuditEvent Call(string peer = "10.0.0.1:5", CallerIdentity? caller = null) => new(AuditEventKind.Call, _clock.GetUtcNow())
    {
        Peer = peer,
        Caller = caller,
        Rpc = "mfn.v1.RunService/GetRun",
        Code = StatusCode.Unauthenticated,
        Reason = "CREDENTIAL_MISSING",
    };
}
