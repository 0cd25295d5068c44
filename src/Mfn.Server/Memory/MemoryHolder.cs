namespace Mfn.Server.Memory;

/// <summary>One of those among whom the memory is shared, such as a connection: it may have only so much of it.</summary>
internal sealed class MemoryHolder
{
    private long _takenBytes;

    /// <summary>What it has.</summary>
    public long TakenBytes => Volatile.Read(ref _takenBytes);

    /// <summary>Adds to what it has, or takes from it; returns what it has then.</summary>
    internal long Add(long byteCount) => Interlocked.Add(ref _takenBytes, byteCount);
}
