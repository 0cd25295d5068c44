using System.Numerics;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>Means of whole updates, added in the order of the set in double.</summary>
internal static class WeightedMean
{
    private const int TileLength = 4096;

    /// <summary>The mean of all updates by their weights.</summary>
    public static float[] Of(UpdateSet updates, CancellationToken cancellationToken)
    {
        var mean = new float[updates.Length];
        var piece = new float[Math.Min(TileLength, updates.Length)];
        var sums = new double[piece.Length];
        var totalWeight = updates.Weights.Sum();
        for (var start = 0; start < mean.Length; start += TileLength)
        {
            var tile = mean.AsSpan(start, Math.Min(TileLength, mean.Length - start));
            cancellationToken.ThrowIfCancellationRequested();
            Array.Clear(sums);
            for (var update = 0; update < updates.Count; update++)
            {
                updates.Read(update, start, piece.AsSpan(0, tile.Length));
                Add(updates.Weights[update], piece.AsSpan(0, tile.Length), sums);
            }

            for (var i = 0; i < tile.Length; i++)
            {
                tile[i] = (float)(sums[i] / totalWeight);
            }
        }

        return mean;
    }

    /// <summary>The mean of some updates by their weights, whatever the order of their indices.</summary>
    public static float[] Of(UpdateSet updates, IEnumerable<int> indices, CancellationToken cancellationToken) =>
        Of(updates.Take([.. indices.Order()]), cancellationToken);

    private static void Add(double weight, ReadOnlySpan<float> vector, Span<double> sums)
    {
        var i = 0;
        for (; i <= vector.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(vector[i..]), out var lower, out var upper);
            (new Vector<double>(sums[i..]) + (weight * lower)).CopyTo(sums[i..]);
            var second = sums[(i + Vector<double>.Count)..];
            (new Vector<double>(second) + (weight * upper)).CopyTo(second);
        }

        for (; i < vector.Length; i++)
        {
            sums[i] += weight * vector[i];
        }
    }
}
