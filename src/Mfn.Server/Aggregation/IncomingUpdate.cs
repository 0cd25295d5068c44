using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mfn.Server.Aggregation;

/// <summary>An update on its way in: every chunk goes straight to where the update stays, so that it is in memory once.</summary>
internal sealed class IncomingUpdate(string clientId, int length, double claimedWeight, int componentSize)
{
    // 64 KiB: little for a client that sends one component of each of many updates, and enough not to be copied often.
    private const int LeastRoom = 16 * 1024;

    private readonly byte[] _split = new byte[componentSize];
    private float[]? _components;
    private int _splitLength;
    private int _componentCount;
    private bool _hasNonFinite;

    public string ClientId => clientId;

    /// <summary>The declared number of components.</summary>
    public int Length => length;

    public double ClaimedWeight => claimedWeight;

    /// <summary>How often its client declared an update; if more than once, none is kept, but all are still counted.</summary>
    public int SentCount { get; private set; } = 1;

    /// <summary>What the declared components take on the wire.</summary>
    public long ByteCount { get; private set; } = (long)length * componentSize;

    /// <summary>How much of that has come.</summary>
    public long ReceivedByteCount { get; private set; }

    public bool IsComplete => ReceivedByteCount == ByteCount;

    /// <summary>The first component that is finite, but not as a binary32, if nothing before it is not finite either.</summary>
    public (int Index, double Value)? BeyondSingle { get; private set; }

    /// <summary>The components for which there should be room before so many bytes more are taken; null if there is enough. It grows with what has come.</summary>
    public int? MissingRoom(int byteCount)
    {
        var needed = (ReceivedByteCount + byteCount + componentSize - 1) / componentSize;
        return needed > (_components?.Length ?? 0) ? (int)Math.Min(length, Math.Max(LeastRoom, 4 * needed)) : null;
    }

    /// <summary>Makes room for so many components; returns the bytes of the room before. Bytes of an update without room are only counted.</summary>
    public long MakeRoom(int componentCount)
    {
        var room = GC.AllocateUninitializedArray<float>(componentCount);
        var before = _components.AsSpan();
        before.CopyTo(room);
        _components = room;
        return (long)before.Length * sizeof(float);
    }

    /// <summary>Notes that the client declared a further update.</summary>
    public void Repeat(int furtherLength)
    {
        SentCount++;
        ByteCount += (long)furtherLength * componentSize;
        _components = null;
    }

    /// <summary>The components, once they are complete. It is empty if there was no room, or is none any more.</summary>
    public Span<float> Components => _components;

    /// <summary>Gives the room up.</summary>
    public void Free() => _components = null;

    /// <summary>Takes the next bytes, of which there must not be more than are missing.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var start = ReceivedByteCount;
        ReceivedByteCount += bytes.Length;
        if (_components is null)
        {
            return;
        }

        if (componentSize == sizeof(float))
        {
            // Sliced first, since the bytes of a long vector are more than a span can have.
            var first = (int)(start / sizeof(float));
            var rest = MemoryMarshal.AsBytes(_components.AsSpan(first, Math.Min(_components.Length - first, (bytes.Length / sizeof(float)) + 2)));
            bytes.CopyTo(rest[(int)(start % sizeof(float))..]);
            return;
        }

        while (!bytes.IsEmpty)
        {
            if (_splitLength == 0 && bytes.Length >= sizeof(double))
            {
                Add(BinaryPrimitives.ReadDoubleLittleEndian(bytes));
                bytes = bytes[sizeof(double)..];
                continue;
            }

            var taken = Math.Min(sizeof(double) - _splitLength, bytes.Length);
            bytes[..taken].CopyTo(_split.AsSpan(_splitLength));
            bytes = bytes[taken..];
            _splitLength = (_splitLength + taken) % sizeof(double);
            if (_splitLength == 0)
            {
                Add(BinaryPrimitives.ReadDoubleLittleEndian(_split));
            }
        }
    }

    private void Add(double value)
    {
        var component = (float)value;
        if (!_hasNonFinite && !float.IsFinite(component))
        {
            _hasNonFinite = true;
            BeyondSingle = double.IsFinite(value) ? (_componentCount, value) : null;
        }

        _components![_componentCount++] = component;
    }
}
