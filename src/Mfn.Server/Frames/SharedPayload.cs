using System.Buffers;
using System.Security.Cryptography;

namespace Mfn.Server.Frames;

/// <summary>Bytes that frames share, in lent memory. Immutable.</summary>
internal sealed class SharedPayload : SharedResource
{
    private readonly IMemoryOwner<byte> _buffer;
    private readonly Lazy<byte[]> _hash;

    /// <summary>Takes over the buffer, which nobody must write to any more.</summary>
    public SharedPayload(IMemoryOwner<byte> buffer)
    {
        _buffer = buffer;
        ByteCount = buffer.Memory.Length;
        _hash = new Lazy<byte[]>(() => SHA256.HashData(_buffer.Memory.Span));
    }

    /// <summary>How many bytes there are.</summary>
    public int ByteCount { get; }

    /// <summary>The bytes, valid until the last holder releases them.</summary>
    public ReadOnlyMemory<byte> Bytes
    {
        get
        {
            RequireHeld();
            return _buffer.Memory;
        }
    }

    /// <summary>SHA-256 of the bytes, computed when somebody first asks for it.</summary>
    public ReadOnlyMemory<byte> Hash
    {
        get
        {
            RequireHeld();
            return _hash.Value;
        }
    }

    protected override void Free() => _buffer.Dispose();
}
