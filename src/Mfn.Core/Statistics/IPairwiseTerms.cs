using System.Numerics;

namespace Mfn.Core.Statistics;

/// <summary>
/// Terms that <see cref="PairwiseSum"/> adds up, such as values, their squares, or both at once: the terms of a block are computed where they
/// are added, so that no pass over the values stores them.
/// </summary>
/// <typeparam name="TSum">One sum, or several that share a pass.</typeparam>
internal interface IPairwiseTerms<TSum>
    where TSum : struct, IAdditionOperators<TSum, TSum, TSum>
{
    /// <summary>
    /// The sum of the terms from <paramref name="start"/>, a multiple of 8, on: lane by lane over groups of eight, the lanes joined by
    /// <see cref="PairwiseSum.Join"/>, then the left-over terms one by one.
    /// </summary>
    /// <param name="start">The index of the first term.</param>
    /// <param name="count">The number of terms; at most <see cref="PairwiseSum.LongestBlock"/>.</param>
    TSum OfBlock(int start, int count);
}
