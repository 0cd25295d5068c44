namespace Mfn.Core.Aggregation;

/// <summary>Means of whole updates, added in the order of the set in double.</summary>
internal static class WeightedMean
{
    private const int TileLength = 4096;

    /// <summary>The mean of all updates by their weights.</summary>
    public static float[] Of(UpdateSet updates)
    {
        var mean = new float[updates.Length];
        var sums = new double[Math.Min(TileLength, updates.Length)];
        var totalWeight = updates.Weights.Sum();
        for (var start = 0; start < mean.Length; start += TileLength)
        {
            var tile = mean.AsSpan(start, Math.Min(TileLength, mean.Length - start));
            Array.Clear(sums);
            for (var update = 0; update < updates.Count; update++)
            {
                var weight = updates.Weights[update];
                var vector = updates[update].Slice(start, tile.Length);
                for (var i = 0; i < vector.Length; i++)
                {
                    sums[i] += weight * vector[i];
                }
            }

            for (var i = 0; i < tile.Length; i++)
            {
                tile[i] = (float)(sums[i] / totalWeight);
            }
        }

        return mean;
    }

    /// <summary>The mean of some updates by their weights, whatever the order of their indices.</summary>
    public static float[] Of(UpdateSet updates, IEnumerable<int> indices) => Of(updates.Take([.. indices.Order()]));
}
