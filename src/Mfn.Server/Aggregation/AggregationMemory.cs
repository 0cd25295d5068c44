using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Aggregation;

/// <summary>
/// Says how much memory rounds may take, one and all together, within the server's account. What a round declares is only compared with what is free: it holds
/// what has come of its updates, and what it takes to aggregate them once they are complete.
/// </summary>
internal sealed class AggregationMemory(MemoryAccount account, IOptionsMonitor<LimitsOptions> limits, TimeProvider clock)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // What has been uploaded is worth some waiting for the memory to aggregate it in, but holds memory itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();

    /// <summary>What all calls together hold.</summary>
    public long ReservedBytes => account.TakenFor(MemoryUse.Rounds);

    /// <summary>An account for one call, which must be disposed when the call holds nothing any more.</summary>
    /// <param name="reservation">The call's; it is disposed with the account.</param>
    public Account Open(MemoryReservation reservation) => new(this, reservation);

    /// <summary>Refuses a call that will need too much, before it takes any of it.</summary>
    /// <exception cref="CallRefusedException">The need is above the limit of a call.</exception>
    public void RequireBelowLimit(long neededBytes, int updateCount, int length)
    {
        var limit = limits.CurrentValue.MaxAggregationBytes;
        if (neededBytes > limit)
        {
            throw CallRefusedException.TooLarge(
                $"{updateCount} updates of {length} components take {neededBytes} bytes to aggregate as asked, above the server's limit of {limit} for one call.",
                neededBytes,
                limit);
        }
    }

    /// <summary>What one call holds.</summary>
    internal sealed class Account(AggregationMemory memory, MemoryReservation reservation) : IDisposable
    {
        /// <summary>Refuses a round that could not be aggregated if it came now; holds nothing for it.</summary>
        /// <exception cref="CallRefusedException">All calls together would have too much.</exception>
        public void RequireFree(long byteCount) => memory.RequireFree(byteCount - reservation.Bytes);

        /// <summary>Holds so much.</summary>
        /// <exception cref="CallRefusedException">All calls together would have too much.</exception>
        public void Reserve(long byteCount)
        {
            lock (memory._lock)
            {
                if (byteCount > reservation.Bytes)
                {
                    memory.RequireFree(byteCount - reservation.Bytes);
                }

                reservation.Resize(byteCount);
            }
        }

        /// <summary>Holds so much, for which it waits a while.</summary>
        /// <exception cref="CallRefusedException">All calls together would have too much all the while.</exception>
        public async Task ReserveAsync(long byteCount, CancellationToken cancellationToken)
        {
            var start = memory.Clock.GetTimestamp();
            while (true)
            {
                try
                {
                    Reserve(byteCount);
                    return;
                }
                catch (CallRefusedException) when (memory.Clock.GetElapsedTime(start) < Patience)
                {
                    await Task.Delay(Interval, memory.Clock, cancellationToken);
                }
            }
        }

        /// <summary>Returns all of it; what it was for must be unreachable by now.</summary>
        public void Dispose() => reservation.Dispose();
    }

    private TimeProvider Clock => clock;

    private void RequireFree(long byteCount)
    {
        var (limit, reserved) = (limits.CurrentValue.MaxTotalAggregationBytes, ReservedBytes);
        if (reserved + byteCount > limit)
        {
            throw CallRefusedException.OverLimit(
                $"{byteCount} more bytes would exceed the {limit} that the server allows for all rounds together, of which {reserved} are taken.", RetryDelay);
        }
    }
}
