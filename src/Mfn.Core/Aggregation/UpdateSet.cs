using System.Collections.Immutable;
using System.Globalization;

namespace Mfn.Core.Aggregation;

/// <summary>
/// The n updates of a round that are finite, of one length and from different clients, in the ordinal order of their client ids,
/// whatever the order in which they came. Vectors are viewed, not copied.
/// </summary>
public sealed class UpdateSet
{
    private readonly ReadOnlyMemory<float>[] _vectors;

    internal UpdateSet(ImmutableArray<string> clientIds, ReadOnlyMemory<float>[] vectors, ImmutableArray<double> weights, int length)
    {
        ClientIds = clientIds;
        Weights = weights;
        Length = length;
        _vectors = vectors;
    }

    /// <summary>n, the number of updates.</summary>
    public int Count => _vectors.Length;

    /// <summary>The number of components of every update.</summary>
    public int Length { get; }

    /// <summary>The clients in the order of the updates.</summary>
    public ImmutableArray<string> ClientIds { get; }

    /// <summary>The updates' weights, all above 0.</summary>
    public ImmutableArray<double> Weights { get; }

    /// <summary>The vector of an update.</summary>
    public ReadOnlySpan<float> this[int index] => _vectors[index].Span;

    /// <summary>The rows of a matrix as equally weighted updates, whose client ids are the rows' numbers.</summary>
    /// <param name="rows">The updates one after another.</param>
    /// <param name="length">The number of components of an update; at least 1.</param>
    /// <exception cref="ArgumentException">The rows do not fill up, or are not finite.</exception>
    public static UpdateSet FromRows(ReadOnlyMemory<float> rows, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (rows.Length % length != 0)
        {
            throw new ArgumentException($"{rows.Length} components cannot be rows of {length}.", nameof(rows));
        }

        var count = rows.Length / length;
        var idLength = count.ToString(CultureInfo.InvariantCulture).Length;
        var updates = Enumerable.Range(0, count).Select(row => new Update(
            row.ToString(CultureInfo.InvariantCulture).PadLeft(idLength, '0'), rows.Slice(row * length, length)));
        var (admitted, excluded) = Admission.Admit(updates, new AdmissionPolicy { Length = length });
        return excluded.IsEmpty
            ? admitted
            : throw new ArgumentException($"Row {excluded[0].ClientId} {excluded[0].Description}.", nameof(rows));
    }

    /// <summary>Some of the updates, in the order of the indices.</summary>
    internal UpdateSet Take(IReadOnlyList<int> indices) => new(
        [.. indices.Select(index => ClientIds[index])],
        [.. indices.Select(index => _vectors[index])],
        [.. indices.Select(index => Weights[index])],
        Length);

    /// <summary>The same updates with weight 1.</summary>
    internal UpdateSet WithEqualWeights() => new(ClientIds, _vectors, [.. Weights.Select(_ => 1.0)], Length);

    /// <summary>As many other vectors from the same clients.</summary>
    internal UpdateSet With(float[][] vectors) => new(ClientIds, [.. vectors.Select(vector => vector.AsMemory())], Weights, Length);
}
