using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Aggregation;

/// <summary>Says how much memory rounds may take, one and all together, and counts what they have.</summary>
internal sealed class AggregationMemory(IOptions<LimitsOptions> limits)
{
    // A full collection takes a few milliseconds, whatever the size of the arrays.
    private const long WorthCollecting = 64L << 20;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private long _reservedBytes;

    /// <summary>What all calls together hold, or have been promised.</summary>
    public long ReservedBytes => Volatile.Read(ref _reservedBytes);

    /// <summary>An account for one call, which must be disposed when the call holds nothing any more.</summary>
    public Account Open() => new(this);

    /// <summary>Refuses a call that will need too much, before it takes any of it.</summary>
    /// <exception cref="CallRefusedException">The need is above the limit of a call.</exception>
    public void RequireBelowLimit(long neededBytes, int updateCount, int length)
    {
        var limit = limits.Value.MaxAggregationBytes;
        if (neededBytes > limit)
        {
            throw CallRefusedException.TooLarge(
                $"{updateCount} updates of {length} components take {neededBytes} bytes to aggregate as asked, above the server's limit of {limit} for one call.",
                neededBytes,
                limit);
        }
    }

    private void Reserve(long byteCount)
    {
        var limit = limits.Value.MaxTotalAggregationBytes;
        var reserved = Interlocked.Add(ref _reservedBytes, byteCount);
        if (reserved > limit)
        {
            Interlocked.Add(ref _reservedBytes, -byteCount);
            throw CallRefusedException.OverLimit(
                $"{byteCount} more bytes would exceed the {limit} that the server allows for all rounds together, of which {reserved - byteCount} are taken.",
                RetryDelay);
        }
    }

    /// <summary>What one call has reserved, and how much of that it has used.</summary>
    internal sealed class Account(AggregationMemory memory) : IDisposable
    {
        private long _reservedBytes;
        private long _usedBytes;

        /// <summary>Reserves what is missing to so many bytes.</summary>
        /// <exception cref="CallRefusedException">All calls together would have too much.</exception>
        public void ReserveUpTo(long byteCount)
        {
            if (byteCount > _reservedBytes)
            {
                memory.Reserve(byteCount - _reservedBytes);
                _reservedBytes = byteCount;
            }
        }

        /// <summary>Notes that so much of it is taken.</summary>
        public void Use(long byteCount) => _usedBytes += byteCount;

        /// <summary>Notes that all of it is taken.</summary>
        public void UseAll() => _usedBytes = _reservedBytes;

        /// <summary>Returns all of it; what it was for must be unreachable by now.</summary>
        public void Dispose()
        {
            if (_usedBytes >= WorthCollecting)
            {
                // Large arrays live until a full collection, which the runtime starts only when as much again is allocated.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
            }

            Interlocked.Add(ref memory._reservedBytes, -_reservedBytes);
            (_reservedBytes, _usedBytes) = (0, 0);
        }
    }
}
