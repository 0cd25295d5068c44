using System.Runtime.InteropServices;
using System.Text.Json;
using Mfn.Core.Fractals;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Fractals;

public sealed class IfsTests
{
    private const string GoldenName = "ifs.json";

    // Sine, cosine and logarithm are the platform's; with glibc, as the reference had, every bit is the same.
    private const double RelativeTolerance = 1e-11;
    private const double AbsoluteTolerance = 1e-13;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenName);

    public static TheoryData<string> EngineCases => GoldenFile.Ids(GoldenName, "engine_cases");

    [Theory, MemberData(nameof(Cases))]
    public void Iterate_ReferenceSeed_DrawsTheSamePoints(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenName, id);
        var random = new RandomGenerator(inputs.GetProperty("seed").GetUInt64());
        var points = new PlanePoint[inputs.GetProperty("num_points").GetInt32()];

        var system = IteratedFunctionSystem.Draw(random, inputs.GetProperty("num_transforms").GetInt32());
        var lyapunovExponent = system.Iterate(random, points);

        AssertClose(outputs.GetProperty("lyapunov").GetDouble(), lyapunovExponent);
        GoldenFile.AssertState(outputs.GetProperty("rng_final"), random.State);
        AssertPoints(outputs.GetProperty("first5"), points[..Math.Min(5, points.Length)]);
        AssertPoints(outputs.GetProperty("last5"), points[^Math.Min(5, points.Length)..]);
        if (outputs.TryGetProperty("points", out var recorded))
        {
            AssertClose(GoldenFile.Array(recorded), points);
        }

        AssertBitsWithGlibc(outputs.GetProperty("points_sha256").GetString()!, points);
        if (outputs.TryGetProperty("engine_metrics", out var metrics))
        {
            AssertOrbit(outputs, metrics, IfsOrbit.Generate(Spec(inputs)));
            Assert.Equal(outputs.GetProperty("contraction").GetBoolean(), system.IsContraction);
            Assert.True(outputs.GetProperty("engine_equal").GetBoolean());
            Assert.Equal(points, IfsOrbit.Generate(Spec(inputs)).Points);
        }
    }

    [Theory, MemberData(nameof(EngineCases))]
    public void Generate_ReferenceConfiguration_DrawsTheSameOrbit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenName, id, "engine_cases");

        var orbit = IfsOrbit.Generate(Spec(inputs));

        AssertOrbit(outputs, outputs.GetProperty("metrics"), orbit);
        AssertClose(GoldenFile.Array(outputs.GetProperty("points")), orbit.Points.AsSpan());
        AssertBitsWithGlibc(outputs.GetProperty("points").GetProperty("sha256").GetString()!, orbit.Points.AsSpan());
    }

    [Fact]
    public void FindProblems_ReferenceConfigurations_AreAcceptedOrRefusedAlike()
    {
        var cases = GoldenFile.Open(GoldenName).GetProperty("config_cases").EnumerateArray().ToArray();
        Assert.Equal(17, cases.Length);
        foreach (var item in cases)
        {
            var input = item.GetProperty("inputs").EnumerateObject().Single();
            var isAccepted = item.GetProperty("outputs").GetProperty("ok").GetBoolean();
            if (input.Name == "min_box_size")
            {
                // Box sizes are arguments of their own here, not part of the spec.
                Assert.False(isAccepted);
                Assert.Throws<ArgumentOutOfRangeException>(() => BoxSizes.Truncated(input.Value.GetInt32(), 8, 5));
                continue;
            }

            if (input.Name == "num_scales")
            {
                // The reference's engine takes 3 to 10 scales, its function any number and its features 2 to 20; here 1 to 20 are taken.
                Assert.Equal(input.Value.GetInt32() is >= 3 and <= 10, isAccepted);
                Assert.NotEmpty(BoxSizes.Truncated(2, 8, input.Value.GetInt32()));
                continue;
            }

            var problems = Spec(item.GetProperty("inputs")).FindProblems();
            Assert.Equal(isAccepted ? [] : [PropertyName(input.Name)], problems.Select(problem => problem.Parameter));
        }
    }

    [Fact]
    public void Generate_SpecWithProblems_NamesThemAll()
    {
        var spec = new IfsSpec { PointCount = 999, MapCount = 9, MinScale = 0, MaxScale = double.NaN, TranslationRange = double.PositiveInfinity };

        var error = Assert.Throws<ArgumentException>(() => IfsOrbit.Generate(spec));

        Assert.Equal(["PointCount", "MapCount", "TranslationRange", "MinScale", "MaxScale"], spec.FindProblems().Select(problem => problem.Parameter));
        Assert.Contains("PointCount must be between 1000 and 100000, but was 999.", error.Message, StringComparison.Ordinal);
        Assert.Contains("TranslationRange must be between 0 and 2, but was Infinity.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_MapsThatHardlyContract_AreUnboundedAndSaySo()
    {
        // The reference raises a StabilityError for such an orbit; its size is a fact here.
        var orbit = IfsOrbit.Generate(new IfsSpec { Seed = 3, MinScale = 0.9999, MaxScale = 0.9999, TranslationRange = 2, PointCount = 100_000 });

        Assert.False(orbit.IsBounded);
        Assert.True(orbit.IsContractive);
        Assert.Equal(orbit.Points.Max(point => Math.Max(Math.Abs(point.X), Math.Abs(point.Y))), orbit.LargestCoordinate);
        Assert.Equal(2 * Math.Log(0.9999), orbit.LyapunovExponent, 1e-12);
    }

    [Fact]
    public void Iterate_SierpinskiMaps_StayOnTheTriangleAndContractAreasByFour()
    {
        var system = new IteratedFunctionSystem([new(0.5, 0, 0, 0.5, 0, 0), new(0.5, 0, 0, 0.5, 0.5, 0), new(0.5, 0, 0, 0.5, 0, 0.5)]);
        var points = new PlanePoint[20_000];

        var lyapunovExponent = system.Iterate(new RandomGenerator(1), points);

        Assert.Equal(-Math.Log(4), lyapunovExponent, 1e-10);
        var mask = new bool[128 * 128];
        foreach (var point in points)
        {
            Assert.True(point.X >= 0 && point.Y >= 0 && point.X + point.Y <= 1);
            mask[((int)(point.X * 128) * 128) + (int)(point.Y * 128)] = true;
        }

        // 20,000 points leave hardly one of the 3^7 cells of 1/128 empty.
        Assert.Equal(Math.Log(3) / Math.Log(2), BoxCountingDimension.Measure(mask, 128, 128, [2, 4, 8, 16, 32]).Dimension, 0.01);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 511)]
    [InlineData(3, 512)]
    [InlineData(3, 513)]
    [InlineData(7, 1537)]
    public void Iterate_AnyLength_AppliesOneDrawnMapAfterTheOther(int mapCount, int pointCount)
    {
        var system = IteratedFunctionSystem.Draw(new RandomGenerator(4), mapCount);
        var (random, naiveRandom) = (new RandomGenerator(5), new RandomGenerator(5));
        var points = new PlanePoint[pointCount];

        var lyapunovExponent = system.Iterate(random, points);

        var (point, logArea) = (default(PlanePoint), 0.0);
        foreach (var actual in points)
        {
            var map = system.Maps[(int)naiveRandom.NextInt64(0, mapCount)];
            point = map.Apply(point);
            logArea += Math.Log(Math.Abs(map.Determinant));
            Assert.Equal(point, actual);
        }

        Assert.Equal(logArea / pointCount, lyapunovExponent);
        Assert.Equal(naiveRandom.State, random.State);
    }

    [Fact]
    public void LargestStretch_KnownMaps_IsTheirLargestSingularValue()
    {
        Assert.Equal(3.0, new AffineMap(0.5, 0, 0, -3, 9, 9).LargestStretch, 1e-15);
        Assert.Equal(-1.5, new AffineMap(0.5, 0, 0, -3, 9, 9).Determinant);
        Assert.Equal(0.5, new AffineMap(0.3, -0.4, 0.4, 0.3, 0, 0).LargestStretch, 1e-8);

        // A shear keeps areas but stretches by the golden ratio.
        Assert.Equal((1 + Math.Sqrt(5)) / 2, new AffineMap(1, 1, 0, 1, 0, 0).LargestStretch, 1e-15);
        Assert.False(new IteratedFunctionSystem([new(0.5, 0, 0, 0.5, 0, 0), new(1, 1, 0, 1, 0, 0)]).IsContraction);
    }

    [Fact]
    public void Iterate_MapOntoALine_AddsNothing() =>
        Assert.Equal(0.0, new IteratedFunctionSystem([new(0.5, 0, 0, 0, 0, 0)]).Iterate(new RandomGenerator(1), new PlanePoint[3]));

    [Fact]
    public void System_WithoutMapsOrPoints_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new IteratedFunctionSystem([]));
        Assert.Throws<ArgumentException>(() => new IteratedFunctionSystem(default));
        Assert.Throws<ArgumentOutOfRangeException>(() => IteratedFunctionSystem.Draw(new RandomGenerator(1), 0));
        Assert.Throws<ArgumentException>(() => IteratedFunctionSystem.Draw(new RandomGenerator(1), 2).Iterate(new RandomGenerator(1), []));
    }

    private static void AssertOrbit(JsonElement outputs, JsonElement metrics, IfsOrbit orbit)
    {
        AssertClose(outputs.GetProperty("lyapunov").GetDouble(), orbit.LyapunovExponent);
        AssertClose(metrics.GetProperty("lyapunov_exponent").GetDouble(), orbit.LyapunovExponent);
        AssertClose(metrics.GetProperty("max_point_distance").GetDouble(), orbit.LargestCoordinate);
        Assert.Equal(metrics.GetProperty("points_generated").GetInt32(), orbit.Points.Length);
        Assert.Equal(metrics.GetProperty("points_bounded").GetBoolean(), orbit.IsBounded);
        Assert.Equal(metrics.GetProperty("is_contractive").GetBoolean(), orbit.IsContractive);
        Assert.False(metrics.GetProperty("nan_detected").GetBoolean() || metrics.GetProperty("inf_detected").GetBoolean());

        var transforms = outputs.GetProperty("transforms").EnumerateArray().ToArray();
        Assert.Equal(transforms.Length, orbit.System.Maps.Length);
        foreach (var (expected, map) in transforms.Zip(orbit.System.Maps))
        {
            double[] actual = [map.A, map.B, map.C, map.D, map.E, map.F];
            Assert.All(GoldenFile.Doubles(expected).Zip(actual), pair => AssertClose(pair.First, pair.Second));
        }
    }

    private static void AssertPoints(JsonElement expected, PlanePoint[] actual) =>
        AssertClose([.. expected.EnumerateArray().SelectMany(GoldenFile.Doubles)], actual);

    private static void AssertClose(double[] expected, ReadOnlySpan<PlanePoint> actual)
    {
        var coordinates = MemoryMarshal.Cast<PlanePoint, double>(actual);
        Assert.Equal(expected.Length, coordinates.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            AssertClose(expected[i], coordinates[i]);
        }
    }

    private static void AssertClose(double expected, double actual) =>
        Assert.Equal(expected, actual, AbsoluteTolerance + (RelativeTolerance * Math.Abs(expected)));

    private static void AssertBitsWithGlibc(string hash, ReadOnlySpan<PlanePoint> points)
    {
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            Assert.Equal(hash, GoldenFile.Hash(points));
        }
    }

    private static string PropertyName(string name) => name switch
    {
        "num_points" => nameof(IfsSpec.PointCount),
        "num_transforms" => nameof(IfsSpec.MapCount),
        "scale_min" => nameof(IfsSpec.MinScale),
        "scale_max" => nameof(IfsSpec.MaxScale),
        "translation_range" => nameof(IfsSpec.TranslationRange),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    private static IfsSpec Spec(JsonElement inputs)
    {
        var spec = new IfsSpec();
        foreach (var input in inputs.EnumerateObject())
        {
            spec = input.Name switch
            {
                "seed" or "random_seed" => spec with { Seed = input.Value.GetUInt64() },
                "num_points" => spec with { PointCount = input.Value.GetInt32() },
                "num_transforms" => spec with { MapCount = input.Value.GetInt32() },
                "scale_min" => spec with { MinScale = input.Value.GetDouble() },
                "scale_max" => spec with { MaxScale = input.Value.GetDouble() },
                "translation_range" => spec with { TranslationRange = input.Value.GetDouble() },
                _ => throw new ArgumentException($"Unknown input {input.Name}.", nameof(inputs)),
            };
        }

        return spec;
    }
}
