using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Fields;

public sealed class CellMaskTests
{
    [Fact]
    public void Above_AnyRectangle_HasTheCellsThatExceedTheThreshold() =>
        Prop.ForAll(
            Gen.Choose(1, 9).Zip(Gen.Choose(1, 200)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var random = new RandomGenerator(seed);
                double[] kinds = [-1, 0, 0.5, Math.BitIncrement(0.5), 2, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
                var cells = Enumerable.Range(0, rowCount * columnCount).Select(_ => random.Choice<double>(kinds)).ToArray();
                bool[] isSet = [.. cells.Select(cell => cell > 0.5)];

                var above = CellMask.Above(0.5, cells, rowCount, columnCount);
                return above.SetCount == isSet.Count(cell => cell)
                    && isSet.SequenceEqual(Cells(above))
                    && isSet.SequenceEqual(Cells(CellMask.Of(isSet, rowCount, columnCount)));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    /// <summary>From the words; a bit beyond a row's end shows as a cell too many.</summary>
    private static IEnumerable<bool> Cells(CellMask mask) =>
        from row in Enumerable.Range(0, mask.RowCount)
        from column in Enumerable.Range(0, mask.WordsPerRow * 64)
        let isSet = (mask.Word(row, column / 64) >> (column % 64) & 1) != 0
        where column < mask.ColumnCount || isSet
        select isSet;
}
