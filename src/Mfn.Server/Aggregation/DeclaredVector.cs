using System.Buffers;

namespace Mfn.Server.Aggregation;

/// <summary>An update's vector, which has the declared length even if no components were kept, as admission will refuse it.</summary>
internal sealed class DeclaredVector(IncomingUpdate update) : MemoryManager<float>
{
    public override Memory<float> Memory => CreateMemory(update.Length);

    public override Span<float> GetSpan() => update.Components;

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nobody pins an update.");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
