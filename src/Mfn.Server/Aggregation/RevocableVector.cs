using System.Buffers;

namespace Mfn.Server.Aggregation;

/// <summary>
/// An update's vector, which can no longer be read once its call is cancelled: so a computation that knows nothing of cancellation ends
/// when it comes to its next block.
/// </summary>
internal sealed class RevocableVector(IncomingUpdate update, CancellationToken cancellationToken) : MemoryManager<float>
{
    /// <summary>The vector, of the declared length, even if there are no components behind it.</summary>
    public override Memory<float> Memory => CreateMemory(update.Length);

    /// <exception cref="OperationCanceledException">The call is cancelled.</exception>
    public override Span<float> GetSpan()
    {
        cancellationToken.ThrowIfCancellationRequested();
        return update.Components;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nobody pins an update.");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
