using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Quotas;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Quotas;

public sealed class QuotaLedgerTests
{
    // A million a second, and ten million at once.
    private static readonly IdentityQuotaOptions Million = new() { CellStepsPerSecond = 1_000_000 };

    private readonly WallClock _clock = new(QuotaLedgers.Start);

    [Fact]
    public void Reserve_BeyondTheBurst_IsRefusedWithTheNumbersAndTheTime()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice", "lab"));
        account.Reserve(9_000_000).UseAll();

        var refused = Assert.Throws<CallRefusedException>(() => account.Reserve(4_000_000));

        Assert.Equal(("identity:lab/alice", "cell_steps_per_second", 1_000_000, TimeSpan.FromSeconds(3) + QuotaLedgers.Margin), QuotaLedgers.Told(refused));
        Assert.Equal(
            "The call costs 4000000 cell-steps, which identity:lab/alice, who may have 1000000 a second, will have in 3 s; they are kept until then for a call that costs as much.",
            refused.Message);
    }

    [Fact]
    public void Reserve_MoreThanCanEverBeThere_SaysSoAndNoTime()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice", "lab"));

        var refused = Assert.Throws<CallRefusedException>(() => account.Reserve(10_000_001));

        Assert.Equal(("identity:lab/alice", "cell_steps_at_once", 10_000_000, (TimeSpan?)null), QuotaLedgers.Told(refused));
        account.Reserve(10_000_000).Dispose();
    }

    [Fact]
    public void Dispose_OfWhatWasPartlyUsed_RefundsTheRest()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        var reservation = account.Reserve(10_000_000);
        Assert.Equal(new QuotaTotals(10_000_000, 0, 0, 10_000_000), ledger.Totals);

        reservation.Use(4_000_000);
        reservation.Dispose();
        reservation.Dispose();
        reservation.Use(1);

        Assert.Equal(new QuotaTotals(10_000_000, 4_000_000, 6_000_000, 0), ledger.Totals);
        account.Reserve(6_000_000).Dispose();
        Assert.Equal(TimeSpan.FromSeconds(1) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(7_000_000))).Wait);
    }

    [Fact]
    public void Use_OfMoreThanWasReserved_IsTakenToo()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));

        using (var reservation = account.Reserve(1_000_000))
        {
            reservation.Use(11_000_000);
        }

        Assert.Equal(new QuotaTotals(11_000_000, 11_000_000, 0, 0), ledger.Totals);
        Assert.Equal(TimeSpan.FromSeconds(2) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(1_000_000))).Wait);
    }

    /// <summary>Whoever waits as told gets in, whatever its price and however many others of its identity wait too; and nobody gets more than the quota.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Reserve_AfterTheTimeTold_IsServedInOrder(int seed)
    {
        var random = new Random(seed);
        using var ledger = QuotaLedgers.Create(_clock, Million, new TenantQuotaOptions { CellStepsPerSecond = 1_500_000 });
        using var alice = ledger.Open(QuotaLedgers.Caller("alice"));
        using var bob = ledger.Open(QuotaLedgers.Caller("bob"));
        var waiting = new PriorityQueue<(QuotaAccount Account, long Price, bool WasTold), long>();
        for (var i = 0; i < 400; i++)
        {
            waiting.Enqueue((i % 3 == 0 ? bob : alice, random.Next(1, 2_000_000), false), random.NextInt64(200 * TimeSpan.TicksPerSecond));
        }

        var (now, served, used, kept) = (0L, 0, 0L, 0);
        while (waiting.TryDequeue(out var call, out var time))
        {
            _clock.Advance(TimeSpan.FromTicks(time - now));
            now = time;
            try
            {
                using var reservation = call.Account.Reserve(call.Price);
                reservation.UseAll();
                served++;
                used += call.Price;
                Assert.True(used <= 15_000_000 + (1_500_000.0 * now / TimeSpan.TicksPerSecond) + 1, $"{used} cell-steps by {TimeSpan.FromTicks(now)}");
            }
            catch (CallRefusedException refused)
            {
                var isPromised = refused.Message.EndsWith("as much.", StringComparison.Ordinal);
                Assert.False(call.WasTold, $"Seed {seed}: a call of {call.Price} waited as told, and was refused: {refused.Message}");
                kept += isPromised ? 1 : 0;
                waiting.Enqueue((call.Account, call.Price, isPromised), now + QuotaLedgers.Told(refused).Wait!.Value.Ticks);
            }
        }

        Assert.Equal(400, served);
        Assert.True(kept > 20, $"Only {kept} calls had to wait.");
        Assert.Equal(ledger.Totals.Reserved, ledger.Totals.Settled);
    }

    [Fact]
    public void Promise_ThatNobodyComesFor_LapsesAndIsThereForOthers()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        account.Reserve(10_000_000).UseAll();
        Assert.Throws<CallRefusedException>(() => account.Reserve(5_000_000));

        // Behind what was promised.
        Assert.Equal(TimeSpan.FromSeconds(6) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(1_000_000))).Wait);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(3) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(2_000_000))).Wait);
        _clock.Advance(QuotaLedger.Grace + TimeSpan.FromSeconds(10));

        // Nobody has come for any of the three.
        account.Reserve(10_000_000).UseAll();
    }

    [Fact]
    public void Promises_OfOneThatDoesNotWait_AreBounded()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        account.Reserve(10_000_000).UseAll();

        var waits = Enumerable.Range(0, 1000).Select(i => QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => account.Reserve(1_000_000 + i))).Wait!.Value).ToList();

        Assert.True(waits[^1] < QuotaLedger.LongestPromise + TimeSpan.FromSeconds(2), $"{waits[^1]}");
    }

    [Fact]
    public void Identities_AndTenants_AreIndependent()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million, new TenantQuotaOptions { CellStepsPerSecond = 1_500_000 });
        using var alice = ledger.Open(QuotaLedgers.Caller("alice", "lab"));
        using var bob = ledger.Open(QuotaLedgers.Caller("bob", "lab"));
        using var other = ledger.Open(QuotaLedgers.Caller("alice", "other"));
        alice.Reserve(10_000_000).UseAll();

        bob.Reserve(5_000_000).UseAll();
        Assert.Equal("tenant:lab", QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => bob.Reserve(5_000_000))).Subject);
        other.Reserve(10_000_000).UseAll();
    }

    [Fact]
    public void Identity_WithAnotherCredential_HasTheSameBucket()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using (var account = ledger.Open(QuotaLedgers.Caller("alice", credential: "first")))
        {
            account.Reserve(10_000_000).UseAll();
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        using var rotated = ledger.Open(QuotaLedgers.Caller("alice", credential: "second"));

        Assert.Equal(TimeSpan.FromSeconds(1) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => rotated.Reserve(2_000_000))).Wait);
    }

    [Fact]
    public void Hold_BeyondTheQuota_IsRefusedUntilSomethingIsGivenBack()
    {
        using var ledger = QuotaLedgers.Create(_clock, new IdentityQuotaOptions { LiveRuns = 2, HistoryBytes = 100 }, new TenantQuotaOptions { LiveRuns = 3 });
        using var alice = ledger.Open(QuotaLedgers.Caller("alice", "lab"));
        using var bob = ledger.Open(QuotaLedgers.Caller("bob", "lab"));
        using var first = alice.Hold(QuotaKind.LiveRuns);
        using var second = alice.Hold(QuotaKind.LiveRuns);

        Assert.Equal(("identity:lab/alice", "live_runs", 2, null), QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => alice.Hold(QuotaKind.LiveRuns))));
        using var third = bob.Hold(QuotaKind.LiveRuns);
        Assert.Equal(("tenant:lab", "live_runs", 3, null), QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => bob.Hold(QuotaKind.LiveRuns))));
        first.Dispose();
        first.Dispose();
        using var fourth = bob.Hold(QuotaKind.LiveRuns);
        Assert.Equal((1, 2), (alice.Held(QuotaKind.LiveRuns), bob.Held(QuotaKind.LiveRuns)));

        using var history = alice.Hold(QuotaKind.HistoryBytes, 60);
        var refused = Assert.Throws<CallRefusedException>(() => history.Resize(101));
        Assert.Equal("The run would keep 41 bytes of history, but identity:lab/alice may have 100, of which 60 are taken. Keep less, or delete a run.", refused.Message);
        history.Resize(100);
        history.Resize(10);
        Assert.Equal(10, alice.Held(QuotaKind.HistoryBytes));
    }

    [Fact]
    public void Admin_WhoIsExempt_HasTheQuotasOfItsTenantAlone()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million, new TenantQuotaOptions { CellStepsPerSecond = 2_000_000 }, new QuotaExceptionOptions { ExemptAdmins = true });
        using var admin = ledger.Open(QuotaLedgers.Caller("root", roles: Roles.Admin));
        using var anonymous = ledger.Open(CallerIdentity.Anonymous);

        admin.Reserve(15_000_000).UseAll();
        Assert.Equal("tenant:default", QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => admin.Reserve(15_000_000))).Subject);
        Assert.Equal("identity:default/anonymous", QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => anonymous.Reserve(10_000_001))).Subject);
    }

    /// <summary>A million callers that came once leave nothing behind; those who owe something stay.</summary>
    [Fact]
    public void Identities_ThatAreIdleAndFull_AreForgotten()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        for (var i = 0; i < 1000; i++)
        {
            using var account = ledger.Open(QuotaLedgers.Caller($"caller-{i}", $"tenant-{i}"));
            account.Reserve(5_000_000).UseAll();
        }

        using var held = ledger.Open(QuotaLedgers.Caller("held"));
        Assert.Equal(2002, ledger.PartyCount);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, ledger.PartyCount);
    }

    [Fact]
    public void Identity_ThatOwes_IsRemembered()
    {
        using var ledger = QuotaLedgers.Create(_clock, new IdentityQuotaOptions { CellStepsPerSecond = 1_000_000, BurstTime = TimeSpan.FromMinutes(10) });
        using (var account = ledger.Open(QuotaLedgers.Caller("alice")))
        {
            account.Reserve(600_000_000).UseAll();
        }

        _clock.Advance(TimeSpan.FromMinutes(1));
        using var again = ledger.Open(QuotaLedgers.Caller("alice"));

        Assert.Equal(TimeSpan.FromMinutes(1) + QuotaLedgers.Margin, QuotaLedgers.Told(Assert.Throws<CallRefusedException>(() => again.Reserve(120_000_000))).Wait);
    }

    [Fact]
    public void Stream_ThatWaitsInTurn_IsBehindWhatWasPromised()
    {
        using var ledger = QuotaLedgers.Create(_clock, Million);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        using var stream = account.Begin();
        Assert.Equal(TimeSpan.Zero, stream.TakeInTurn(10_000_000));
        Assert.Throws<CallRefusedException>(() => account.Reserve(2_000_000));

        Assert.Equal(TimeSpan.FromSeconds(5), stream.TakeInTurn(3_000_000));
        _clock.Advance(TimeSpan.FromSeconds(2));
        account.Reserve(2_000_000).Dispose();
        stream.Use(11_000_000);
        stream.Dispose();

        Assert.Equal(new QuotaTotals(15_000_000, 11_000_000, 4_000_000, 0), ledger.Totals);
    }
}
