using Mfn.Core.Fractals;

namespace Mfn.Core.Tests.Fractals;

public sealed class BoxSizesTests
{
    [Fact]
    public void Truncated_WholeReferenceTable_IsReproduced()
    {
        var rows = GoldenFile.Open("geomspace_table.json").GetProperty("rows");

        Assert.Equal(552, rows.GetArrayLength());
        Assert.All(rows.EnumerateArray(), row =>
        {
            var (extent, minimum, count, maximum) = (row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32(), row[3].GetInt32());
            Assert.Equal(maximum, BoxSizes.DefaultMaximum(extent, minimum, count));
            Assert.Equal(row[4].EnumerateArray().Select(size => size.GetInt32()), BoxSizes.Truncated(minimum, maximum, count));
        });
    }

    [Fact]
    public void Doubling_WhereTruncationSlips_StaysExact()
    {
        Assert.Equal([2, 4, 7, 16, 32], BoxSizes.Truncated(2, 32, 5));
        Assert.Equal([2, 4, 8, 16, 32], BoxSizes.Doubling(2, 32, 5));
        Assert.Equal([2, 4, 8], BoxSizes.Doubling(2, 1000, 3));
        Assert.Equal([2, 4, 8, 16], BoxSizes.Doubling(2, 31, 20));
        Assert.Equal([3, 6, 12], BoxSizes.Doubling(3, 12, 5));
        Assert.Equal([5], BoxSizes.Doubling(5, 4, 5));
        Assert.Equal([1_500_000_000], BoxSizes.Doubling(1_500_000_000, int.MaxValue, 5));
    }

    [Fact]
    public void Truncated_SpecialCases_AreTheReferences()
    {
        Assert.Equal([2], BoxSizes.Truncated(2, 32, 1));
        Assert.Equal([2, 32], BoxSizes.Truncated(2, 32, 2));
        Assert.Equal([7, 8], BoxSizes.Truncated(8, 4, 5));
        Assert.Equal([1], BoxSizes.Truncated(1, 1, 5));
    }

    [Fact]
    public void AnyRule_ImpossibleArguments_AreRefused()
    {
        foreach (var rule in new Func<int, int, int, object>[] { BoxSizes.Truncated, BoxSizes.Doubling, (size, _, count) => BoxSizes.DefaultMaximum(8, size, count) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => rule(0, 8, 5));
            Assert.Throws<ArgumentOutOfRangeException>(() => rule(-2, 8, 5));
            Assert.Throws<ArgumentOutOfRangeException>(() => rule(2, 8, 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => rule(2, 8, 21));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => BoxSizes.DefaultMaximum(0, 2, 5));
    }
}
