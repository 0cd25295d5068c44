namespace Mfn.Benchmarks.Watching;

/// <summary>A watch on a connection of its own, by a client that does no more than it must.</summary>
internal interface IRawWatch : IDisposable
{
    /// <summary>Bytes of messages received, with the heads that their protocol gives each.</summary>
    long ByteCount { get; }

    /// <summary>Messages received whole, of any kind.</summary>
    long MessageCount { get; }

    /// <summary>Messages received whole that are so large that they bring a field.</summary>
    long FieldCount { get; }

    /// <summary>Gets each message, valid during the call.</summary>
    Action<ReadOnlyMemory<byte>>? OnMessage { get; set; }

    /// <summary>Reads what there is; false at the end of the watch.</summary>
    ValueTask<bool> ReadAsync(CancellationToken cancellationToken);
}
