using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Aggregation.Rules;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>
/// Rules that choose values around a median, where many are equally near: those of the first updates count, as in slow versions that sort by
/// distance and keep the order of equals. Values are a few multiples of one half, so that everything here is exact.
/// </summary>
public sealed class TieTests
{
    private const int LargestValue = 3;

    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(77UL, 13UL);

    /// <summary>n from 1 to 40, even and odd, past several widths of registers; columns are not a whole number of them.</summary>
    private static readonly Arbitrary<float[][]> AnyTies = (
        from n in Gen.Choose(1, 40)
        from d in Gen.Choose(1, 37)
        from values in Gen.Choose(-LargestValue, LargestValue).ArrayOf(n * d)
        from unit in Gen.Elements(0.5f, 1, -3)
        select values.Select(value => value * unit).Chunk(d).ToArray()).ToArbitrary();

    [Fact]
    public void Meamed_AnyTies_TakesTheFirst() => Prop.ForAll(AnyTies, x =>
    {
        for (var f = 0; f <= (x.Length - 1) / 2; f++)
        {
            AssertExact(NaiveAggregation.MeanAroundMedian(x, x.Length - f), new Meamed().Aggregate(AnyRule.SetOf(x), f));
        }
    }).Check(Thorough);

    [Fact]
    public void Bulyan_AnyTies_TakesTheFirstInBothStages() => Prop.ForAll(AnyTies, x =>
    {
        for (var f = 0; 4 * f + 3 <= Math.Min(x.Length, 23); f++)
        {
            // The slow version is of the fourth order.
            var rows = x.Take(23).ToArray();
            AssertExact(NaiveAggregation.Bulyan(rows, f), new Bulyan().Aggregate(AnyRule.SetOf(rows), f));
        }
    }).Check(Thorough);

    // Every column of up to six values, so that no case is left to chance.
    [Fact]
    public void Meamed_EveryShortColumn_TakesTheFirst()
    {
        for (var n = 1; n <= 6; n++)
        {
            var columnCount = (int)Math.Pow(5, n);
            float[][] x = [.. Enumerable.Range(0, n).Select(row => Enumerable.Range(0, columnCount)
                .Select(column => (float)((column / (int)Math.Pow(5, row) % 5) - 2)).ToArray())];
            for (var f = 0; f <= (n - 1) / 2; f++)
            {
                AssertExact(NaiveAggregation.MeanAroundMedian(x, n - f), new Meamed().Aggregate(AnyRule.SetOf(x), f));
            }
        }
    }

    private static void AssertExact(double[] expected, AggregationResult actual) =>
        Assert.Equal(Array.ConvertAll(expected, value => (float)value), actual.Vector.ToArray());
}
