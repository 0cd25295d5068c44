using System.Diagnostics;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Memory;
using Mfn.Server.Tests.Configuration;

namespace Mfn.Server.Tests.Compute;

/// <summary>One identity that wants much takes nothing from another that wants little.</summary>
public sealed class FairTurnsTests
{
    private readonly MemoryHolder _flood = new();
    private readonly MemoryHolder _other = new();

    /// <summary>A hundred turns of one wait; the one of the other, which comes last, is among the next.</summary>
    [Fact]
    public async Task Turn_OfOneThatHasHadLess_ComesBeforeThoseOfOneThatHasHadMore()
    {
        using var scheduler = new ComputeScheduler();
        using var over = new ManualResetEventSlim();
        var (flood, other) = (scheduler.QueueOfIdentity(_flood), scheduler.QueueOfIdentity(_other));
        var order = new List<string>();

        // All threads have something to do until everything waits, and it costs something.
        using var begun = new CountdownEvent(scheduler.ThreadCount);
        var busy = Enumerable.Range(0, scheduler.ThreadCount).Select(_ => flood.ComputeAsync(Occupy, CancellationToken.None)).ToArray();
        Assert.True(begun.Wait(TimeSpan.FromMinutes(1)));
        var waiting = Enumerable.Range(0, 100).Select(_ => flood.ComputeAsync(() => Note("flood"), CancellationToken.None))
            .Append(other.ComputeAsync(() => Note("other"), CancellationToken.None)).ToArray();
        over.Set();
        await Task.WhenAll(busy);
        await Task.WhenAll(waiting);

        // Each thread may have taken one before.
        Assert.InRange(order.IndexOf("other"), 0, scheduler.ThreadCount);

        bool Occupy()
        {
            begun.Signal();
            Assert.True(over.Wait(TimeSpan.FromMinutes(1)));
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(5))
            {
                Thread.SpinWait(100);
            }

            return true;
        }

        bool Note(string who)
        {
            lock (order)
            {
                order.Add(who);
            }

            return true;
        }
    }

    /// <summary>Both have always something to do: they have as much time, though one has fifty times as many tasks.</summary>
    [Fact]
    public async Task Time_OfTwoThatAlwaysWait_IsTheSame()
    {
        using var scheduler = new ComputeScheduler();
        var (flood, other) = (scheduler.QueueOfIdentity(_flood), scheduler.QueueOfIdentity(_other));
        using var over = new CancellationTokenSource();
        var turns = new int[2];
        var tasks = Enumerable.Range(0, 100 * scheduler.ThreadCount).Select(_ => ComputeAsync(flood, 0))
            .Concat(Enumerable.Range(0, 2 * scheduler.ThreadCount).Select(_ => ComputeAsync(other, 1))).ToArray();
        while (Volatile.Read(ref turns[0]) + Volatile.Read(ref turns[1]) < 400)
        {
            await Task.Yield();
        }

        var (first, second) = (Volatile.Read(ref turns[0]), Volatile.Read(ref turns[1]));
        await over.CancelAsync();
        await Task.WhenAll(tasks);

        // In order of coming it would be 50 to 1.
        Assert.True(first < 2 * second && second < 2 * first, $"{first} turns and {second}");

        async Task ComputeAsync(ComputeQueue queue, int who)
        {
            while (!over.IsCancellationRequested)
            {
                await queue.ComputeAsync(
                    () =>
                    {
                        var start = TimeProvider.System.GetTimestamp();
                        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMilliseconds(1))
                        {
                        }

                        return Interlocked.Increment(ref turns[who]);
                    },
                    CancellationToken.None);
            }
        }
    }

    [Fact]
    public void Place_OfOneThatHasNone_IsKeptHoweverManyAnotherWants()
    {
        var places = Create(maxConcurrentComputations: 64);
        var taken = new List<ComputePlace>();
        var refused = TakeAll(places, taken, _flood);

        Assert.Equal(48, taken.Count);
        Assert.Equal(
            "Of the 64 computations that the server allows, 48 are under way, 48 of them this caller's: the others are kept for other callers. Try again when one has ended.", refused.Message);
        places.Take(CallOf(_other)).Dispose();

        // Each further one may have three times what it leaves, and one in any case.
        var counts = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            var before = taken.Count;
            TakeAll(places, taken, new MemoryHolder());
            counts.Add(taken.Count - before);
        }

        Assert.Equal([12, 3, 1], counts);
    }

    [Fact]
    public void Place_WhereAllCallersAreOne_IsTakenAsBefore()
    {
        var places = Create(maxConcurrentComputations: 8);
        var taken = new List<ComputePlace>();

        Assert.Equal("The most computations that the server allows, 8, are under way. Try again when one has ended.", TakeAll(places, taken, caller: null).Message);
        Assert.Equal(8, taken.Count);
    }

    /// <summary>An upload of one that has no place goes before ten that came earlier, of one that has many.</summary>
    [Fact]
    public async Task Place_ThatBecomesFree_IsForTheOneThatHasFewest()
    {
        var places = Create(maxConcurrentComputations: 4, share: 1);
        var third = new MemoryHolder();
        var taken = new List<ComputePlace> { places.Take(CallOf(_flood)) };
        taken.AddRange([places.Take(CallOf(_flood)), places.Take(CallOf(third))]);
        var uploads = Enumerable.Range(0, 10).Select(_ => places.BeginUpload(CallOf(_flood))).ToList();
        var last = places.BeginUpload(CallOf(_other));
        taken.Add(places.Take(CallOf(third)));
        var early = uploads.Select(upload => upload.TakePlaceAsync(CancellationToken.None)).ToList();
        var late = last.TakePlaceAsync(CancellationToken.None);

        taken[3].Dispose();

        (await late).Dispose();
        (await early[0]).Dispose();
        taken.ForEach(place => place.Dispose());
        foreach (var place in early)
        {
            (await place).Dispose();
        }
    }

    private static ComputePlaces Create(int maxConcurrentComputations, double share = 0.75) => new(
        new FixedOptions<LimitsOptions>(new LimitsOptions { MaxConcurrentComputations = maxConcurrentComputations, MaxConnectionShare = share }), new ServerLifetime(), TimeProvider.System);

    // Each on a connection of its own.
    private static MemoryHolder CallOf(MemoryHolder? caller)
    {
        var call = new MemoryHolder(new MemoryHolder());
        if (caller is not null)
        {
            call.AssignTo(caller);
        }

        return call;
    }

    /// <summary>Takes places until one is refused.</summary>
    private static CallRefusedException TakeAll(ComputePlaces places, List<ComputePlace> taken, MemoryHolder? caller)
    {
        try
        {
            while (true)
            {
                taken.Add(places.Take(CallOf(caller)));
            }
        }
        catch (CallRefusedException refused)
        {
            return refused;
        }
    }
}
