namespace Mfn.Core.Aggregation.Updates;

/// <summary>Vectors that are in memory anyway.</summary>
internal sealed class VectorsInMemory(ReadOnlyMemory<float>[] vectors, int length) : IUpdateSource
{
    public int Count => vectors.Length;

    public int Length => length;

    public ReadOnlyMemory<float> this[int update] => vectors[update];

    public void Read(int update, int start, Span<float> destination) =>
        vectors[update].Span.Slice(start, destination.Length).CopyTo(destination);
}
