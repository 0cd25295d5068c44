using System.Collections.Immutable;

namespace Mfn.Core.Aggregation.Updates;

/// <summary>
/// The n updates of a round that are finite, of one length and from different clients, in the ordinal order of their client ids,
/// whatever the order in which they came. Vectors are viewed, not copied, or stay where their source has them.
/// </summary>
public sealed class UpdateSet
{
    private const int FloatsPerLine = 16;

    private readonly IUpdateSource _source;
    private readonly int[] _places;

    /// <summary>Some of a source's vectors, by their places there.</summary>
    internal UpdateSet(ImmutableArray<string> clientIds, IUpdateSource source, int[] places, ImmutableArray<double> weights)
    {
        ClientIds = clientIds;
        Weights = weights;
        _source = source;
        _places = places;
    }

    internal UpdateSet(ImmutableArray<string> clientIds, ReadOnlyMemory<float>[] vectors, ImmutableArray<double> weights, int length)
        : this(clientIds, new VectorsInMemory(vectors, length), [.. Enumerable.Range(0, vectors.Length)], weights)
    {
    }

    /// <summary>n, the number of updates.</summary>
    public int Count => _places.Length;

    /// <summary>The number of components of every update.</summary>
    public int Length => _source.Length;

    /// <summary>The clients in the order of the updates.</summary>
    public ImmutableArray<string> ClientIds { get; }

    /// <summary>The updates' weights, all above 0.</summary>
    public ImmutableArray<double> Weights { get; }

    /// <summary>The vector of an update; read as a whole, each time, if it is not in memory.</summary>
    public ReadOnlySpan<float> this[int index]
    {
        get
        {
            if (_source is VectorsInMemory memory)
            {
                return memory[_places[index]].Span;
            }

            var vector = new float[Length];
            Read(index, 0, vector);
            return vector;
        }
    }

    /// <summary>Copies components of an update, as many as fit, from the given one on.</summary>
    internal void Read(int index, int start, Span<float> destination) => _source.Read(_places[index], start, destination);

    /// <summary>The vector of an update; if it is not in memory, it is read into the buffer, which is made when it is needed first.</summary>
    internal ReadOnlySpan<float> View(int index, ref float[]? buffer)
    {
        if (_source is VectorsInMemory)
        {
            return this[index];
        }

        buffer ??= new float[Length];
        Read(index, 0, buffer);
        return buffer;
    }

    /// <summary>Components of an update, as many as the buffer has room for, from the given one on; in the buffer if they are not in memory.</summary>
    internal ReadOnlyMemory<float> Piece(int index, int start, Memory<float> buffer)
    {
        if (_source is VectorsInMemory memory)
        {
            return memory[_places[index]].Slice(start, buffer.Length);
        }

        Read(index, start, buffer.Span);
        return buffer;
    }

    /// <summary>
    /// Has components of all updates in the caches if they are in memory. A load from every line, one update after the other, lets the
    /// processor fetch many lines at a time; what computes as it loads waits for most of them.
    /// </summary>
    internal void ReadAhead(int start, int length)
    {
        if (_source is not VectorsInMemory memory)
        {
            return;
        }

        foreach (var place in _places)
        {
            var piece = memory[place].Span.Slice(start, length);
            for (var i = 0; i < piece.Length; i += FloatsPerLine)
            {
                Volatile.Read(in piece[i]);
            }
        }
    }

    /// <summary>Some of the updates, in the order of the indices.</summary>
    internal UpdateSet Take(IReadOnlyList<int> indices) => new(
        [.. indices.Select(index => ClientIds[index])],
        _source,
        [.. indices.Select(index => _places[index])],
        [.. indices.Select(index => Weights[index])]);

    /// <summary>The same updates with weight 1.</summary>
    internal UpdateSet WithEqualWeights() => new(ClientIds, _source, _places, [.. Weights.Select(_ => 1.0)]);

    /// <summary>As many other vectors from the same clients.</summary>
    internal UpdateSet With(float[][] vectors) => new(ClientIds, [.. vectors.Select(vector => vector.AsMemory())], Weights, Length);
}
