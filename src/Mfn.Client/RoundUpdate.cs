using System.Runtime.InteropServices;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>What one client sent in a round. The components are viewed, not copied: they must not change until the next update is enumerated.</summary>
public sealed class RoundUpdate
{
    private readonly ReadOnlyMemory<float> _singles;
    private readonly ReadOnlyMemory<double> _doubles;

    /// <summary>An update in single precision, in which the server computes.</summary>
    public RoundUpdate(string clientId, ReadOnlyMemory<float> components)
    {
        ClientId = clientId;
        Length = components.Length;
        Encoding = VectorEncoding.Float32;
        _singles = components;
    }

    /// <summary>An update in double precision, which the server rounds; it refuses what single precision cannot hold.</summary>
    public RoundUpdate(string clientId, ReadOnlyMemory<double> components)
    {
        ClientId = clientId;
        Length = components.Length;
        Encoding = VectorEncoding.Float64;
        _doubles = components;
    }

    /// <summary>Who sent it: 1 to 128 characters. The ids' ordinal order decides ties.</summary>
    public string ClientId { get; }

    /// <summary>How many components it has.</summary>
    public int Length { get; }

    /// <summary>How much the client says it counts; ignored unless the admission policy has a largest weight.</summary>
    public double ClaimedWeight { get; init; } = 1;

    internal VectorEncoding Encoding { get; }

    internal int ComponentSize => Encoding == VectorEncoding.Float64 ? sizeof(double) : sizeof(float);

    /// <summary>The bytes of so many components.</summary>
    internal ReadOnlySpan<byte> Bytes(int start, int count) => Encoding == VectorEncoding.Float64
        ? MemoryMarshal.AsBytes(_doubles.Span.Slice(start, count))
        : MemoryMarshal.AsBytes(_singles.Span.Slice(start, count));
}
