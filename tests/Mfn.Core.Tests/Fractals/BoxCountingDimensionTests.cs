using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Fractals;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Fractals;

public sealed class BoxCountingDimensionTests
{
    private const string GoldenName = "boxcount.json";

    // The reference solves the fit by a singular value decomposition of some BLAS; the textbook formula differs in the last bits.
    private const double RelativeTolerance = 1e-9;
    private const double AbsoluteTolerance = 1e-12;

    // A few roundings of logarithms below 20.
    private const double ExactTolerance = 1e-13;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenName);

    [Theory, MemberData(nameof(Cases))]
    public void Measure_ReferenceMask_HasTheSameSizesCountsAndFit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenName, id);
        var extent = inputs.GetProperty("n").GetInt32();
        var mask = Mask(inputs.GetProperty("binary"));
        var sizes = ReferenceSizes(inputs, extent, defaultScaleCount: 5);

        var result = BoxCountingDimension.Measure(mask, extent, extent, sizes);

        Assert.Equal(outputs.GetProperty("sizes").EnumerateArray().Select(size => size.GetInt32()), sizes);

        // The reference records a null where no box fits.
        var expected = sizes.Zip(outputs.GetProperty("counts").EnumerateArray())
            .Where(pair => pair.Second.ValueKind != JsonValueKind.Null)
            .Select(pair => new BoxCount(pair.First, pair.Second.GetInt32()));
        Assert.Equal(expected, result.Counts);

        AssertClose(outputs.GetProperty("model_D").GetProperty("value"), result.Dimension);
        AssertClose(outputs.GetProperty("engine_D").GetProperty("value"), result.Dimension);
        AssertClose(outputs.GetProperty("engine_r2"), result.RSquared);
        AssertClose(outputs.GetProperty("features_D_r2")[0], result.Dimension);
        AssertClose(outputs.GetProperty("features_D_r2")[1], Math.Clamp(result.RSquared, 0.0, 1.0));

        var eightSizes = BoxSizes.Truncated(2, BoxSizes.DefaultMaximum(extent, 2, 8), 8);
        AssertClose(outputs.GetProperty("api_8_scales_D"), BoxCountingDimension.Measure(mask, extent, extent, eightSizes).Dimension);
    }

    [Fact]
    public void Measure_ReferenceEdgeCases_AgreeOrDifferOnPurpose()
    {
        var cases = GoldenFile.Open(GoldenName).GetProperty("edge_cases").EnumerateArray().ToArray();
        Assert.Equal(9, cases.Length);
        foreach (var item in cases)
        {
            var (inputs, outputs) = (item.GetProperty("inputs"), item.GetProperty("outputs"));
            if (inputs.TryGetProperty("shape", out var shape))
            {
                // The reference refuses a rectangle; here its boxes are cut along each axis.
                Assert.Equal("ValueError", outputs.GetProperty("model").GetProperty("error").GetString());
                var (rowCount, columnCount) = (shape[0].GetInt32(), shape[1].GetInt32());
                Assert.Equal([new BoxCount(2, 32), new BoxCount(4, 8)], BoxCountingDimension.Measure(Filled(rowCount * columnCount), rowCount, columnCount, [2, 4]).Counts.AsEnumerable());
                continue;
            }

            var isZeroOverride = inputs.EnumerateObject().Any(input => input.Value.ValueKind == JsonValueKind.Number && input.Value.GetInt32() == 0);
            var isNegative = inputs.EnumerateObject().Any(input => input.Value.ValueKind == JsonValueKind.Number && input.Value.GetInt32() < 0);
            if (isZeroOverride || isNegative)
            {
                // The reference's function refuses 0, its engine reads 0 as "default", and both take -2; here all are refused.
                Assert.Equal(isNegative, outputs.GetProperty("model").GetProperty("ok").GetBoolean());
                Assert.Throws<ArgumentOutOfRangeException>(() => ReferenceSizes(inputs, 32, defaultScaleCount: 5));
                continue;
            }

            // Where the reference's function has an IndexError (a size above the grid), its engine skips the size, and so does this.
            var result = BoxCountingDimension.Measure(Filled(32 * 32), 32, 32, ReferenceSizes(inputs, 32, defaultScaleCount: 5));
            AssertClose(outputs.GetProperty("engine").GetProperty("value"), result.Dimension);
        }
    }

    [Fact]
    public void Measure_AnyRectangle_MatchesNaiveCounts() =>
        Prop.ForAll(
            Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(60, 200)).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var mask = RandomMask(rowCount * columnCount, seed);
                int[] sizes = [1, 2, 3, 5, 8, 13, 21, 34, 63, 64, 65, 100, 128, 191];

                var expected = sizes.Where(size => size <= Math.Min(rowCount, columnCount))
                    .Select(size => new BoxCount(size, NaiveCount(mask, rowCount, columnCount, size)));
                return expected.SequenceEqual(BoxCountingDimension.Measure(mask, rowCount, columnCount, sizes).Counts);
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Measure_TransposedMask_HasTheSameCounts() =>
        Prop.ForAll(
            Gen.Choose(1, 30).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var mask = RandomMask(rowCount * columnCount, seed);
                var transposed = new bool[mask.Length];
                for (var i = 0; i < mask.Length; i++)
                {
                    transposed[(i % columnCount * rowCount) + (i / columnCount)] = mask[i];
                }

                int[] sizes = [1, 2, 4, 8, 16];
                return BoxCountingDimension.Measure(mask, rowCount, columnCount, sizes).Counts
                    .SequenceEqual(BoxCountingDimension.Measure(transposed, columnCount, rowCount, sizes).Counts);
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(256)]
    public void Measure_SquareLineAndPoint_HaveDimensionsTwoOneAndZero(int extent)
    {
        var line = new bool[extent * extent];
        line.AsSpan(5 * extent, extent).Fill(true);
        var point = new bool[extent * extent];
        point[extent + 3] = true;

        AssertDimension(2, Mended(Filled(extent * extent), extent));
        AssertDimension(1, Mended(line, extent));
        var ofPoint = Mended(point, extent);
        Assert.Equal((0.0, true, false), (ofPoint.Dimension, ofPoint.IsDefined, ofPoint.HasFit));
    }

    [Fact]
    public void Measure_SierpinskiTriangle_HasItsDimension()
    {
        // A cell is set where row and column share no binary digit.
        var mask = Enumerable.Range(0, 256 * 256).Select(i => (i / 256 & i % 256) == 0).ToArray();

        AssertDimension(Math.Log(3) / Math.Log(2), Mended(mask, 256));
    }

    [Fact]
    public void Measure_SierpinskiCarpet_HasItsDimension()
    {
        var mask = Enumerable.Range(0, 729 * 729).Select(i => IsInCarpet(i / 729, i % 729)).ToArray();
        var expected = Math.Log(8) / Math.Log(3);

        // Boxes of powers of three fit the carpet; boxes that double cut across its holes and come close only.
        AssertDimension(expected, BoxCountingDimension.Measure(mask, 729, 729, [1, 3, 9, 27, 81]));
        const double ToleranceOfUnfittingBoxes = 0.05;
        Assert.Equal(expected, Mended(mask, 729).Dimension, ToleranceOfUnfittingBoxes);

        static bool IsInCarpet(int row, int column)
        {
            for (; row > 0 || column > 0; row /= 3, column /= 3)
            {
                if (row % 3 == 1 && column % 3 == 1)
                {
                    return false;
                }
            }

            return true;
        }
    }

    [Fact]
    public void Measure_ShapeWithoutTwoSizes_IsUndefined()
    {
        var row = BoxCountingDimension.Measure(Filled(64), 1, 64, [1, 2, 4]);
        Assert.Equal([new BoxCount(1, 64)], row.Counts.AsEnumerable());
        Assert.Equal((false, false, 0.0, 0.0), (row.IsDefined, row.HasFit, row.Dimension, row.RSquared));

        var empty = BoxCountingDimension.Measure(new bool[16], 4, 4, [1, 2]);
        Assert.Equal([new BoxCount(1, 0), new BoxCount(2, 0)], empty.Counts.AsEnumerable());
        Assert.False(empty.IsDefined);
    }

    [Fact]
    public void Measure_ImpossibleArguments_AreRefused()
    {
        Assert.Contains("2 x 3 mask needs 6 cells, but got 5", Assert.Throws<ArgumentException>(() => BoxCountingDimension.Measure(new bool[5], 2, 3, [1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => BoxCountingDimension.Measure([], 0, 3, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BoxCountingDimension.Measure([], 3, 0, [1]));
        Assert.Throws<ArgumentException>(() => BoxCountingDimension.Measure(new bool[6], 2, 3, [0]));
        Assert.Contains("2 follows 2", Assert.Throws<ArgumentException>(() => BoxCountingDimension.Measure(new bool[6], 2, 3, [2, 2])).Message, StringComparison.Ordinal);
    }

    private static int[] ReferenceSizes(JsonElement inputs, int extent, int defaultScaleCount)
    {
        var minimum = inputs.TryGetProperty("min_box_size", out var min) ? min.GetInt32() : 2;
        var count = inputs.TryGetProperty("num_scales", out var scales) ? scales.GetInt32() : defaultScaleCount;
        var maximum = inputs.TryGetProperty("max_box_size", out var max) ? max.GetInt32() : BoxSizes.DefaultMaximum(extent, minimum, count);
        return BoxSizes.Truncated(minimum, maximum, count);
    }

    private static BoxCountingDimension Mended(bool[] mask, int extent) =>
        BoxCountingDimension.Measure(mask, extent, extent, BoxSizes.Doubling(2, BoxSizes.DefaultMaximum(extent, 2, 5), 5));

    private static void AssertDimension(double expected, BoxCountingDimension actual)
    {
        Assert.Equal(expected, actual.Dimension, ExactTolerance);
        Assert.Equal(1.0, actual.RSquared, ExactTolerance);
        Assert.True(actual.IsDefined && actual.HasFit);
    }

    private static void AssertClose(JsonElement expected, double actual) =>
        Assert.Equal(expected.GetDouble(), actual, AbsoluteTolerance + (RelativeTolerance * Math.Abs(expected.GetDouble())));

    private static bool[] Mask(JsonElement reference)
    {
        Assert.Equal("u8", reference.GetProperty("dtype").GetString());
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", reference.GetProperty("file").GetString()!));
        Assert.Equal(reference.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return [.. bytes.Select(cell => cell != 0)];
    }

    private static bool[] Filled(int cellCount)
    {
        var mask = new bool[cellCount];
        mask.AsSpan().Fill(true);
        return mask;
    }

    private static bool[] RandomMask(int cellCount, int seed)
    {
        var random = new RandomGenerator(seed);
        var share = Math.Pow(random.NextDouble(), 6);
        return [.. Enumerable.Range(0, cellCount).Select(_ => random.NextDouble() < share)];
    }

    private static int NaiveCount(bool[] mask, int rowCount, int columnCount, int size) =>
        Enumerable.Range(0, mask.Length)
            .Where(i => mask[i])
            .Select(i => (Row: i / columnCount / size, Column: i % columnCount / size))
            .Where(box => box.Row < rowCount / size && box.Column < columnCount / size)
            .Distinct()
            .Count();
}
