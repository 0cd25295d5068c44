using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Features;
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

    private const double ToleranceOfUnfittingBoxes = 0.05;

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

    // However the extent divides: a full field has every box, ⌈n / s⌉² of them here, and a row one in each column of boxes.
    [Theory]
    [InlineData(11, new[] { 6, 3 })]
    [InlineData(15, new[] { 8, 4 })]
    [InlineData(31, new[] { 16, 8, 4 })]
    [InlineData(127, new[] { 64, 32, 16, 8, 4 })]
    public void Measure_ExtentThatNoBoxDivides_CountsTheCutBoxesAndIsExact(int extent, int[] boxesAcross)
    {
        var full = Mended(Filled(extent * extent), extent);
        var lastRow = new bool[extent * extent];
        lastRow.AsSpan((extent - 1) * extent).Fill(true);
        var rim = Enumerable.Range(0, extent * extent)
            .Select(i => i / extent == 0 || i / extent == extent - 1 || i % extent == 0 || i % extent == extent - 1).ToArray();

        Assert.Equal(boxesAcross.Select(m => m * m), full.Counts.Select(count => count.OccupiedCount));
        Assert.Equal(boxesAcross.Select(m => (double)extent / m), full.Counts.Select(count => count.Side), (left, right) => Math.Abs(left - right) <= ExactTolerance);
        AssertDimension(2, full);
        Assert.Equal(boxesAcross, Mended(lastRow, extent).Counts.Select(count => count.OccupiedCount));
        AssertDimension(1, Mended(lastRow, extent));

        // A rim has 4 m - 4 boxes of m x m: its slope comes down to 1 only with many boxes.
        Assert.Equal(boxesAcross.Select(m => (4 * m) - 4), Mended(rim, extent).Counts.Select(count => count.OccupiedCount));
        Assert.Equal(SlopeOf(boxesAcross.Select(m => (Math.Log(m), Math.Log((4 * m) - 4)))), Mended(rim, extent).Dimension, ExactTolerance);
    }

    [Fact]
    public void Measure_FullFieldOfAnyExtents_IsExactlyTwo()
    {
        for (var rowCount = 8; rowCount <= 140; rowCount++)
        {
            for (var columnCount = rowCount; columnCount <= rowCount + 17; columnCount += 4)
            {
                var full = BoxCountingDimension.Measure(Filled(rowCount * columnCount), rowCount, columnCount, MendedMeshes(rowCount, columnCount));

                AssertDimension(2, full);
            }
        }
    }

    [Theory]
    [InlineData(1, 1000, 20)]
    [InlineData(2, 1000, 5)]
    [InlineData(3, 40, 4)]
    [InlineData(7, 7, 2)]
    public void Measure_NestedMeshes_MatchNaiveCounts(int minBoxSize, int maxBoxSize, int scaleCount) =>
        Prop.ForAll(
            Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(60, 200)).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var mask = RandomMask(rowCount * columnCount, seed);

                var actual = BoxCountingDimension.Measure(
                    mask, rowCount, columnCount, BoxMesh.Nested(rowCount, columnCount, minBoxSize, maxBoxSize, scaleCount));

                return NaiveNestedCounts(mask, rowCount, columnCount, minBoxSize, maxBoxSize, scaleCount)
                    .SequenceEqual(actual.Counts.Select(count => count.OccupiedCount));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Measure_StandardError_IsThatOfTheTextbook()
    {
        // Counts 16, 4, 4 of sides 2, 4, 8: slope 1 through mean residuals (1/3, -2/3, 1/3) ln 2, so that s² = (2/3) ln² 2 and the error is 1 / √3.
        var mask = new bool[16 * 16];
        foreach (var (row, column) in from row in Enumerable.Range(0, 4) from column in Enumerable.Range(0, 4) select (row, column))
        {
            mask[(((row / 2 * 8) + (row % 2 * 2)) * 16) + (column / 2 * 8) + (column % 2 * 2)] = true;
        }

        var result = Mended(mask, 16);

        Assert.Equal([new BoxCount(2, 16), new BoxCount(4, 4), new BoxCount(8, 4)], result.Counts.AsEnumerable());
        Assert.Equal(1, result.Dimension, ExactTolerance);
        Assert.Equal(1 / Math.Sqrt(3), result.StandardError!.Value, ExactTolerance);
        Assert.Null(Mended(Filled(15 * 15), 15).StandardError);
    }

    // A cell is set where row and column share no binary digit. One row and column less than a power of two cuts only boxes at the edge, of
    // which the remaining cells tell as much.
    [Theory]
    [InlineData(63)]
    [InlineData(127)]
    [InlineData(255)]
    [InlineData(256)]
    public void Measure_SierpinskiTriangle_HasItsDimension(int extent)
    {
        var mask = Enumerable.Range(0, extent * extent).Select(i => (i / extent & i % extent) == 0).ToArray();

        AssertDimension(Math.Log(3) / Math.Log(2), Mended(mask, extent));
    }

    // Extents between, where boxes cut across the triangles and come close only: how much they bend the slope, no formula says.
    [Theory]
    [InlineData(65)]
    [InlineData(101)]
    [InlineData(129)]
    [InlineData(243)]
    public void Measure_SierpinskiTriangleAtOddExtents_ComesClose(int extent)
    {
        var mask = Enumerable.Range(0, extent * extent).Select(i => (i / extent & i % extent) == 0).ToArray();

        Assert.Equal(Math.Log(3) / Math.Log(2), Mended(mask, extent).Dimension, ToleranceOfUnfittingBoxes);
    }

    [Fact]
    public void Measure_SierpinskiCarpet_HasItsDimension()
    {
        var mask = Enumerable.Range(0, 729 * 729).Select(i => IsInCarpet(i / 729, i % 729)).ToArray();
        var expected = Math.Log(8) / Math.Log(3);

        // Boxes of powers of three fit the carpet; boxes that double cut across its holes and come close only.
        AssertDimension(expected, BoxCountingDimension.Measure(mask, 729, 729, [1, 3, 9, 27, 81]));
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

    // Of 5 x 5 cells only boxes of 2 are at most half as wide.
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void Measure_FieldTooSmallForTwoSizes_IsUndefined(int extent)
    {
        var full = Mended(Filled(extent * extent), extent);

        Assert.Equal((1, false, 0.0), (full.Counts.Length, full.IsDefined, full.Dimension));
        Assert.Null(full.StandardError);
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
        BoxCountingDimension.Measure(mask, extent, extent, MendedMeshes(extent, extent));

    private static ImmutableArray<BoxMesh> MendedMeshes(int rowCount, int columnCount) =>
        new FeatureOptions { Version = DefinitionVersion.V50 }.BoxMeshesFor(rowCount, columnCount);

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

    /// <summary>The finest mesh first; the cells are asked which box they are in.</summary>
    private static IEnumerable<int> NaiveNestedCounts(bool[] mask, int rowCount, int columnCount, int minBoxSize, int maxBoxSize, int scaleCount)
    {
        var sizes = new List<int>();
        for (var size = minBoxSize; sizes.Count < scaleCount && size <= Math.Min(rowCount, columnCount) && (size <= maxBoxSize || sizes.Count == 0); size *= 2)
        {
            sizes.Add(size);
        }

        var finest = Math.Pow(2, sizes.Count - 1);
        return Enumerable.Range(0, sizes.Count).Reverse().Select(halvings => Enumerable.Range(0, mask.Length)
            .Where(i => mask[i])
            .Select(i => (Box(i / columnCount, rowCount, halvings), Box(i % columnCount, columnCount, halvings)))
            .Distinct()
            .Count());

        int Box(int cell, int extent, int halvings)
        {
            var coarsest = Math.Floor((extent / (double)sizes[^1]) + 0.5);
            coarsest = coarsest * finest > extent ? Math.Floor(extent / (double)sizes[^1]) : coarsest;
            return (int)Math.Floor(cell * coarsest * Math.Pow(2, halvings) / extent);
        }
    }

    private static double SlopeOf(IEnumerable<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(point => point.X), points.Average(point => point.Y));
        return points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
    }

    private static int NaiveCount(bool[] mask, int rowCount, int columnCount, int size) =>
        Enumerable.Range(0, mask.Length)
            .Where(i => mask[i])
            .Select(i => (Row: i / columnCount / size, Column: i % columnCount / size))
            .Where(box => box.Row < rowCount / size && box.Column < columnCount / size)
            .Distinct()
            .Count();
}
