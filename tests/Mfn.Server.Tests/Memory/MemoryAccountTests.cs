using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Rpc;
using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Memory;
using Mfn.Server.Transport;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Memory;

public sealed class MemoryAccountTests
{
    private const long MiB = 1 << 20;

    private readonly MemoryAccount _account = new(Options.Create(new LimitsOptions { MaxMemoryBytes = 160 * MiB, MaxConnectionShare = 0.25 }), []);

    [Fact]
    public void Resize_UpToTheLimit_CountsByUse()
    {
        using var rounds = _account.Open(MemoryUse.Rounds);
        using var history = _account.Open(MemoryUse.History);
        rounds.Resize(60 * MiB);
        history.Resize(40 * MiB);

        Assert.Equal(100 * MiB, _account.TakenBytes);
        Assert.Equal(60 * MiB, _account.TakenFor(MemoryUse.Rounds));
        Assert.Equal(40 * MiB, _account.TakenFor(MemoryUse.History));
        Assert.Equal(0, _account.TakenFor(MemoryUse.Imports));
    }

    /// <summary>However many connections it has: what is left is for those that have less.</summary>
    [Fact]
    public void Resize_OfOneIdentityOnManyConnections_LeavesOthersTheirs()
    {
        var account = new MemoryAccount(Options.Create(new LimitsOptions { MaxMemoryBytes = 800 * MiB, MaxConnectionShare = 0.5 }), []);
        var (flood, other) = (new MemoryHolder(), new MemoryHolder());
        var held = new List<MemoryReservation>();
        CallRefusedException? refused = null;
        while (refused is null)
        {
            var reservation = Open(flood);
            refused = Record.Exception(() => reservation.Resize(10 * MiB)) as CallRefusedException;
            held.Add(reservation);
        }

        // Half of all: as much as it leaves.
        Assert.Equal(400 * MiB, flood.TakenBytes);
        Assert.Contains("that the server allows for one identity while others have theirs (Limits:MaxConnectionShare), of which 419430400 are taken.", refused.Message, StringComparison.Ordinal);
        using var small = Open(other);
        small.Resize(50 * MiB);
        held.ForEach(reservation => reservation.Dispose());
        Assert.Equal((0, 50 * MiB), (flood.TakenBytes, other.TakenBytes));

        MemoryReservation Open(MemoryHolder caller)
        {
            var call = new MemoryHolder(new MemoryHolder());
            call.AssignTo(caller);
            return account.Open(MemoryUse.Rounds, call);
        }
    }

    /// <summary>What came before it was known who calls counts, too.</summary>
    [Fact]
    public void AssignTo_OfACallThatHasSomething_CountsIt()
    {
        var (caller, connection) = (new MemoryHolder(), new MemoryHolder());
        var call = new MemoryHolder(connection);
        using var request = _account.Open(MemoryUse.Requests, call);
        request.Resize(MiB);

        call.AssignTo(caller);
        request.Resize(3 * MiB);

        Assert.Equal((3 * MiB, 3 * MiB), (caller.TakenBytes, connection.TakenBytes));
        request.Dispose();
        Assert.Equal((0, 0), (caller.TakenBytes, connection.TakenBytes));
    }

    [Fact]
    public void Resize_BeyondTheLimit_SaysWhichAndHowMuchAndKeepsWhatItHas()
    {
        using var rounds = _account.Open(MemoryUse.Rounds);
        using var imports = _account.Open(MemoryUse.Imports);
        rounds.Resize(99 * MiB);
        imports.Resize(MiB);

        var refused = Assert.Throws<CallRefusedException>(() => imports.Resize((2 * MiB) + 1));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(
            "1048577 more bytes for imports would exceed the 104857600 that the server allows for live runs and their watchers (Limits:MaxMemoryBytes), of which 104857600 are taken.",
            refused.Message);
        Assert.Equal(1, Assert.IsType<RetryInfo>(refused.Details.Single()).RetryDelay.Seconds);
        Assert.Equal(MiB, imports.Bytes);
        Assert.Equal(100 * MiB, _account.TakenBytes);
    }

    [Fact]
    public void Resize_MoreThanThereIsAtAll_IsTooLargeRatherThanForLater()
    {
        using var rounds = _account.Open(MemoryUse.Rounds);
        var refused = Assert.Throws<CallRefusedException>(() => rounds.Resize((100 * MiB) + 1));
        Assert.Equal("CALL_TOO_LARGE", Assert.IsType<ErrorInfo>(refused.Details.Single()).Reason);
        Assert.Contains("Limits:MaxMemoryBytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resize_BeyondTheShareOfAHolder_IsRefusedWhileOthersGoOn()
    {
        var (one, other) = (new MemoryHolder(), new MemoryHolder());
        using var first = _account.Open(MemoryUse.Requests, one);
        using var second = _account.Open(MemoryUse.Answers, one);
        using var third = _account.Open(MemoryUse.Requests, other);
        first.Resize(35 * MiB);

        var refused = Assert.Throws<CallRefusedException>(() => second.Resize(6 * MiB));
        Assert.Equal(
            "6291456 more bytes for answers would exceed the 41943040 that the server allows for one connection (Limits:MaxConnectionShare), of which 36700160 are taken.",
            refused.Message);
        Assert.IsType<RetryInfo>(refused.Details.Single());
        third.Resize(40 * MiB);
        Assert.Equal(35 * MiB, one.TakenBytes);
        Assert.Equal(40 * MiB, other.TakenBytes);
    }

    [Fact]
    public void Resize_WhateverOthersTake_AnEighthIsKeptForEachPart()
    {
        var holders = Enumerable.Range(0, 8).Select(_ => new MemoryHolder()).ToArray();
        using var runs = _account.Open(MemoryUse.Backlogs);
        Fill(runs);
        Assert.Equal(100 * MiB, runs.Bytes);

        // What is free is an eighth for the connections and one for the calls of each kind; a call that grows step by step is large in the end.
        using var connections = _account.Open(MemoryUse.Connections, holders[0]);
        using var large = _account.Open(MemoryUse.Requests, holders[1]);
        Fill(connections);
        Fill(large);
        Assert.Equal((20 * MiB, 20 * MiB), (connections.Bytes, large.Bytes));
        var small = Enumerable.Range(0, 10_000).Select(i => _account.Open(MemoryUse.Requests, holders[2 + (i % 6)])).ToArray();
        var count = small.Count(call => call.TryResize(64 * 1024));
        Assert.Equal(10 * MiB, count * 64 * 1024L);

        // The last of it is for connections that hold little.
        var others = Enumerable.Range(0, 1000).Select(_ => _account.Open(MemoryUse.Requests, new MemoryHolder())).ToArray();
        Assert.Equal(160, others.Count(call => call.TryResize(64 * 1024)));
        Assert.Equal(160 * MiB, _account.TakenBytes);

        static void Fill(MemoryReservation reservation)
        {
            while (reservation.TryResize(reservation.Bytes + (32 * 1024)))
            {
            }
        }
    }

    [Fact]
    public void Resize_RunsThatWereThereTakeMoreThanAll_CallsHaveTheirEighth()
    {
        using var runs = _account.Open(MemoryUse.Runs);
        runs.ResizeRegardless(1000 * MiB);
        using var call = _account.Open(MemoryUse.Requests, new MemoryHolder());

        call.Resize(20 * MiB);
        Assert.False(call.TryResize((20 * MiB) + 1));
        Assert.Throws<CallRefusedException>(() => runs.Resize((1000 * MiB) + 1));
    }

    [Fact]
    public void Trim_PoolsAndFieldsThatNobodyUses_AreLetGoOf()
    {
        var blocks = new BlockPoolFactory(TimeProvider.System);
        var buffers = new FieldBufferPool();
        using var pool = (BlockPool)blocks.Create();
        var account = new MemoryAccount(Options.Create(new LimitsOptions()), [new IdleBlocks(blocks), buffers]);
        var kept = Use(pool, buffers);
        Assert.True(pool.IdleCount > 0);

        account.Trim();
        Assert.Equal(0, pool.IdleCount);
        account.Trim();
        Assert.All(kept, each => Assert.False(each.TryGetTarget(out _)));
        using var next = pool.Rent();
        Assert.Equal(BlockPool.BlockSize, next.Memory.Length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<byte[]>[] Use(BlockPool pool, FieldBufferPool buffers)
    {
        using var block = pool.Rent();
        using var buffer = buffers.Rent(1 << 20);
        return
        [
            .. new[] { block.Memory, buffer.Memory }.Select(memory =>
            {
                Assert.True(MemoryMarshal.TryGetArray<byte>(memory, out var array));
                return new WeakReference<byte[]>(array.Array!);
            }),
        ];
    }

    [Fact]
    public void Dispose_AnyNumberOfTimes_GivesBackOnce()
    {
        var holder = new MemoryHolder();
        var reservation = _account.Open(MemoryUse.Imports, holder);
        reservation.Resize(MiB);
        reservation.Dispose();
        reservation.Dispose();

        Assert.Equal(0, _account.TakenBytes);
        Assert.Equal(0, holder.TakenBytes);
        Assert.Throws<ObjectDisposedException>(() => reservation.Resize(1));
    }

    [Fact]
    public void Resize_WhatWasGivenBackIsNotCollected_CollectsBeforeItTakesMore()
    {
        using (var large = _account.Open(MemoryUse.Rounds))
        {
            large.Resize(60 * MiB);
        }

        Assert.Equal(60 * MiB, _account.DiscardedBytes);
        var collections = GC.CollectionCount(GC.MaxGeneration);
        using var next = _account.Open(MemoryUse.Rounds);
        next.Resize(100 * MiB);
        Assert.Equal(60 * MiB, _account.DiscardedBytes);
        using var call = _account.Open(MemoryUse.Requests, new MemoryHolder());
        call.Resize(MiB);

        Assert.Equal(0, _account.DiscardedBytes);
        Assert.True(GC.CollectionCount(GC.MaxGeneration) > collections);
    }

    /// <summary>The holder's share is scarce, the account is not: what is given back is never so much that all memory of this process is collected.</summary>
    [Fact]
    public void Resize_ByManyAtOnce_NeverExceedsTheShareAndEndsAtZero()
    {
        var account = new MemoryAccount(Options.Create(new LimitsOptions { MaxMemoryBytes = 1024 * MiB, MaxConnectionShare = 1.0 / 2048 }), []);
        var holder = new MemoryHolder();
        var reservations = Enumerable.Range(0, 64).Select(seed => account.Open((MemoryUse)(seed % 7), holder)).ToArray();
        var refusedCount = 0;
        Parallel.For(0, reservations.Length, seed =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 2000; i++)
            {
                if (!reservations[seed].TryResize(random.NextInt64(68 * 1024)))
                {
                    Interlocked.Increment(ref refusedCount);
                }
            }
        });

        Assert.NotEqual(0, refusedCount);
        Assert.Equal(reservations.Sum(reservation => reservation.Bytes), holder.TakenBytes);
        Assert.InRange(holder.TakenBytes, 1, account.ShareBytes);
        Assert.All(reservations, reservation => reservation.Dispose());
        Assert.Equal((0, 0), (account.TakenBytes, holder.TakenBytes));
        Assert.All(Enum.GetValues<MemoryUse>(), use => Assert.Equal(0, account.TakenFor(use)));
    }
}
