using System.Numerics;

namespace Mfn.Core.Statistics;

/// <summary>Two sums that one pass makes.</summary>
internal readonly record struct SumPair(double First, double Second) : IAdditionOperators<SumPair, SumPair, SumPair>
{
    public static SumPair operator +(SumPair left, SumPair right) => new(left.First + right.First, left.Second + right.Second);
}
