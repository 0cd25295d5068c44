using Mfn.Core.Statistics;

namespace Mfn.Core.Features;

/// <summary>The squared deviations of the clusters' sizes from their mean; the greatest size is found on the way.</summary>
internal ref struct ClusterSizeTerms(ReadOnlySpan<int> sizes, double mean) : IPairwiseTerms<double>
{
    private readonly ReadOnlySpan<int> _sizes = sizes;
    private readonly double _mean = mean;

    public int Greatest { get; private set; }

    public double OfBlock(int start, int count)
    {
        Span<double> block = stackalloc double[PairwiseSum.LongestBlock];
        block = block[..count];
        for (var i = 0; i < count; i++)
        {
            var size = _sizes[start + i];
            Greatest = Math.Max(Greatest, size);
            block[i] = size;
        }

        return new DeviationTerms(block, 1.0, _mean).OfBlock(0, count);
    }
}
