using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Features;
using Mfn.Core.Randomness;
using Mfn.Core.Tests.Statistics;

namespace Mfn.Core.Tests.Features;

public sealed class FeatureExtractorTests
{
    // The naive sums below add up to a few thousand terms from left to right.
    private const double SummationTolerance = 1e-10;

    public static TheoryData<DefinitionVersion> Versions => [.. Enum.GetValues<DefinitionVersion>()];

    [Theory, MemberData(nameof(Versions))]
    public void Extract_AfterEveryFrame_HasTheBitsOfTheWholeHistoryAtOnce(DefinitionVersion version) =>
        Prop.ForAll(
            Gen.Choose(1, 12).Two().Zip(Gen.Choose(1, 25)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var (((rowCount, columnCount), frameCount), seed) = shapeAndSeed;
                var history = SettlingHistory(rowCount * columnCount, frameCount, seed);
                var options = new FeatureOptions { Version = version, StabilityWindow = 3 };
                var extractor = new FeatureExtractor(rowCount, columnCount, options);

                return Enumerable.Range(1, frameCount).All(count =>
                {
                    extractor.Add(history.AsSpan((count - 1) * rowCount * columnCount, rowCount * columnCount));
                    var whole = FeatureVector.Of(history.AsSpan(0, count * rowCount * columnCount), rowCount, columnCount, options);
                    return extractor.FrameCount == count && AreSame(whole, extractor.Extract()) && AreSame(whole, extractor.Extract());
                });
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Theory, MemberData(nameof(Versions))]
    public void Extract_AnyHistory_AgreesWithTheFormulas(DefinitionVersion version) =>
        Prop.ForAll(
            Gen.Choose(1, 20).Two().Zip(Gen.Choose(1, 20)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var (((rowCount, columnCount), frameCount), seed) = shapeAndSeed;
                var history = SettlingHistory(rowCount * columnCount, frameCount, seed);
                var options = new FeatureOptions { Version = version, StabilityWindow = 4, Connectivity = seed % 2 == 0 ? Connectivity.Four : Connectivity.Eight };

                var expected = NaiveFeatures(history, rowCount, columnCount, options);
                var actual = FeatureVector.Of(history, rowCount, columnCount, options);
                return expected.All(feature =>
                    Math.Abs(feature.Value - actual[feature.Key]) <= SummationTolerance * Math.Max(1.0, Math.Abs(feature.Value)) * Sensitivity(feature.Key));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Theory, MemberData(nameof(Versions))]
    public void Extract_MirroredAndTransposedHistory_KeepsWhatHasNoDirection(DefinitionVersion version) =>
        Prop.ForAll(
            Gen.Choose(1, 15).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var cellCount = rowCount * columnCount;
                var history = SettlingHistory(cellCount, 6, seed);
                var options = new FeatureOptions { Version = version };
                var original = FeatureVector.Of(history, rowCount, columnCount, options);

                var transposed = FeatureVector.Of(
                    [.. Enumerable.Range(0, history.Length).Select(i => history[(i / cellCount * cellCount) + (i % cellCount % rowCount * columnCount) + (i % cellCount / rowCount)])],
                    columnCount,
                    rowCount,
                    options);
                var mirrored = FeatureVector.Of(
                    [.. Enumerable.Range(0, history.Length).Select(i => history[(i / columnCount * columnCount) + columnCount - 1 - (i % columnCount)])],
                    rowCount,
                    columnCount,
                    options);

                // Boxes are cut from the left, so that a mirror image may have another dimension; sums are in another order.
                string[] keptByBoth = ["V_min", "V_max", "dV_max", "f_active", "N_clusters_low", "N_clusters_med", "N_clusters_high", "max_cluster_size"];
                return transposed.BoxDimension == original.BoxDimension
                    && keptByBoth.All(name => transposed[name] == original[name] && mirrored[name] == original[name]);
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Extract_ReversedHistory_TurnsTheTrendAround()
    {
        var history = SettlingHistory(30, 40, seed: 4);
        var reversed = Enumerable.Range(0, 40).Reverse().SelectMany(frame => history.Skip(frame * 30).Take(30)).ToArray();

        var (forth, back) = (FeatureVector.Of(history, 5, 6), FeatureVector.Of(reversed, 5, 6));

        Assert.Equal(forth.MaxChange, back.MaxChange);
        Assert.Equal(forth.MeanChange, back.MeanChange, 1e-12);
        Assert.Equal(-forth.EnergyTrend, back.EnergyTrend, 1e-8);
        Assert.True(Math.Abs(forth.EnergyTrend) > 1);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Extract_ActiveSquareInVersion50_HasDimensionTwo(int extent)
    {
        var features = FeatureVector.Of(new double[extent * extent], extent, extent, new FeatureOptions { Version = DefinitionVersion.V50 });

        Assert.Equal(2.0, features.BoxDimension, 1e-13);
        Assert.Equal(1.0, features.BoxFitRSquared, 1e-13);
        Assert.Equal(DefinitionVersion.V50, features.Version);
    }

    [Theory]
    [InlineData(DefinitionVersion.V41, 9, 9, true)]
    [InlineData(DefinitionVersion.V41, 10, 10, true)]
    [InlineData(DefinitionVersion.V41, 11, 1, false)]
    [InlineData(DefinitionVersion.V50, 9, 9, true)]
    [InlineData(DefinitionVersion.V50, 10, 1, false)]
    [InlineData(DefinitionVersion.V50, 11, 1, false)]
    public void Extract_QuietHistoryOfAboutOneWindow_IsStableFromVersion50OnWhenItFillsTheWindow(
        DefinitionVersion version, int frameCount, double expected, bool isUndefined)
    {
        var features = FeatureVector.Of(Enumerable.Repeat(-0.07, 4 * frameCount).ToArray(), 2, 2, new FeatureOptions { Version = version });

        Assert.Equal(expected, features.StabilityFrame);
        Assert.Equal(isUndefined, features.Undefined.HasFlag(UndefinedFeatures.StabilityNotReached));
    }

    [Fact]
    public void Extract_WindowOfOneFrame_StillNeedsAQuietDifference()
    {
        // Frames 1 and 2, and 2 and 3, differ unevenly, 3 and 4 do not.
        double[] history = [0, 0, 0, 1, 0, 0, 0, 0];

        Assert.Equal(3, FeatureVector.Of(history, 1, 2, new FeatureOptions { Version = DefinitionVersion.V50, StabilityWindow = 1 }).StabilityFrame);
        Assert.Equal(3, FeatureVector.Of(history, 1, 2, new FeatureOptions { StabilityWindow = 1 }).StabilityFrame);
    }

    [Theory, MemberData(nameof(Versions))]
    public void Undefined_EveryCause_IsFlaggedAndHasAFiniteValue(DefinitionVersion version)
    {
        var options = new FeatureOptions { Version = version };
        var resting = FeatureVector.Of(Enumerable.Repeat(-0.07, 64).ToArray(), 8, 8, options);
        Assert.Equal(
            UndefinedFeatures.DimensionOfTooFewBoxSizes | UndefinedFeatures.ShapeOfConstantField
                | UndefinedFeatures.DynamicsOfSingleFrame | UndefinedFeatures.DeviationOfTooFewClusters,
            resting.Undefined);
        Assert.All(resting.Values.Where((_, index) => index is < 2 or > 5), value => Assert.Equal(0.0, value));

        var oneCell = Enumerable.Repeat(-0.07, 64).ToArray();
        oneCell[0] = 0.0;
        var point = FeatureVector.Of(oneCell, 8, 8, options);
        Assert.Equal(
            UndefinedFeatures.FitOfEqualBoxCounts | UndefinedFeatures.DynamicsOfSingleFrame | UndefinedFeatures.DeviationOfTooFewClusters,
            point.Undefined);
        Assert.Equal((0.0, 0.0), (point.BoxDimension, point.BoxFitRSquared));

        var random = new RandomGenerator(8);
        var noise = FeatureVector.Of([.. Enumerable.Range(0, 128).Select(_ => random.Normal(-0.06, 0.01))], 8, 8, options);
        Assert.Equal(UndefinedFeatures.StabilityNotReached, noise.Undefined);
        Assert.Equal(2, noise.StabilityFrame);
    }

    [Theory]
    [InlineData(1.00e-12, true)]
    [InlineData(1.01e-12, false)]
    public void Undefined_DeviationOfRounding_CountsAsConstant(double volts, bool isConstant)
    {
        // One cell in a hundred is off: a deviation of sqrt(0.0099) of that, about the limit of 1e-10 mV, and a skewness of almost 10.
        var cells = new double[100];
        cells[7] = volts;

        var features = FeatureVector.Of(cells, 10, 10);

        Assert.Equal(isConstant, features.Undefined.HasFlag(UndefinedFeatures.ShapeOfConstantField));
        Assert.Equal(isConstant ? 0.0 : 98 / Math.Sqrt(99), features.PotentialSkewness, 1e-12);
    }

    [Fact]
    public void Extract_OverflowingPotentials_AreNonFiniteInVersion41AndFlaggedZerosInVersion50()
    {
        double[] history = [1e300, -1e300, 1e300, 1e300, 1e300, 1e300, 1e300, -1e300];

        var reference = FeatureVector.Of(history, 2, 2);
        var mended = FeatureVector.Of(history, 2, 2, new FeatureOptions { Version = DefinitionVersion.V50 });

        Assert.True(double.IsNaN(reference.EnergyTrend));
        Assert.True(double.IsPositiveInfinity(reference.PotentialStandardDeviation));
        Assert.True(mended.Values.All(double.IsFinite));
        Assert.Equal((0.0, 0.0), (mended.EnergyTrend, mended.PotentialStandardDeviation));
        Assert.True(reference.Undefined.HasFlag(UndefinedFeatures.NonFinite) && mended.Undefined.HasFlag(UndefinedFeatures.NonFinite));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void Add_NonFiniteCell_IsRefusedWithItsPlaceAndChangesNothing(double volts, string text)
    {
        var extractor = new FeatureExtractor(2, 3);
        extractor.Add([1, 2, 3, 4, 5, 6]);
        extractor.Add([1, 2, 3, 4, 5, 7]);
        var before = extractor.Extract();

        var error = Assert.Throws<ArgumentException>(() => extractor.Add([1, 2, 3, 4, volts, double.NaN]));

        Assert.Contains($"frame 2, row 1, column 1 is {text}.", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, extractor.FrameCount);
        Assert.True(AreSame(before, extractor.Extract()));
    }

    [Fact]
    public void Add_InfiniteCellWhereAllowed_IsActiveAndSpoilsTheMoments()
    {
        var features = FeatureVector.Of([0, double.NegativeInfinity, 0, double.PositiveInfinity], 1, 2, new FeatureOptions { AllowsNonFinite = true });

        Assert.Equal(1.0, features.ActiveShare);
        Assert.Equal((0.0, double.PositiveInfinity, double.PositiveInfinity), (features.MinPotential, features.MaxPotential, features.MeanPotential));
        Assert.True(double.IsNaN(features.PotentialStandardDeviation) && double.IsNaN(features.EnergyTrend));
        Assert.Equal((0.0, double.PositiveInfinity), (features.PotentialSkewness, features.MaxChange));
        Assert.True(features.Undefined.HasFlag(UndefinedFeatures.NonFinite | UndefinedFeatures.ShapeOfConstantField));
    }

    [Fact]
    public void Extractor_WrongUse_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => new FeatureExtractor(2, 2).Extract());
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractor(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureExtractor(2, 0));
        Assert.Contains("2 x 3 frame needs 6 cells, but got 5", Assert.Throws<ArgumentException>(() => new FeatureExtractor(2, 3).Add(new double[5])).Message, StringComparison.Ordinal);
        Assert.Contains("frames of 2 x 3 cells, but has 7 cells", Assert.Throws<ArgumentException>(() => FeatureVector.Of(new double[7], 2, 3)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(7, 13)]
    [InlineData(64, 128)]
    [InlineData(91, 101)]
    public void Add_ManyFrames_AllocatesNothing(int rowCount, int columnCount)
    {
        // Quiet and restless frames take different ways.
        var extractor = new FeatureExtractor(rowCount, columnCount);
        var frame = new double[rowCount * columnCount];
        extractor.Add(frame);
        extractor.Add(frame);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            frame[i % frame.Length] += i % 3 == 0 ? 0.001 : 0.0;
            extractor.Add(frame);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(3, 3)]
    [InlineData(5, 31)]
    [InlineData(17, 129)]
    [InlineData(64, 64)]
    [InlineData(63, 65)]
    [InlineData(91, 90)]
    [InlineData(64, 128)]
    [InlineData(91, 101)]
    public void Extract_AnyShape_HasTheBitsOfTheReferencesReductions(int rowCount, int columnCount)
    {
        // Frames that end before, at and after the ends of runs of 8192 numbers and blocks of 128.
        foreach (var frameCount in new[] { 1, 2, 5 })
        {
            var history = SettlingHistory(rowCount * columnCount, frameCount, seed: 3);
            var features = FeatureVector.Of(history, rowCount, columnCount);

            var frames = history.Select(volts => volts * 1000).Chunk(rowCount * columnCount).ToArray();
            var (mean, deviation) = NaiveMoments(frames[^1]);
            double[] centred = [.. frames[^1].Select(potential => potential - mean)];
            var changes = frames.Zip(frames.Skip(1)).SelectMany(pair => pair.First.Zip(pair.Second, (x, y) => Math.Abs(y - x))).ToArray();
            bool[] low = [.. history.TakeLast(rowCount * columnCount).Select(volts => volts > -0.06)];
            double[] sizes = [.. ClusterFinderTests.NaiveFloodFill(low, rowCount, columnCount, Connectivity.Four).Select(size => (double)size)];
            var hasShape = deviation > 1e-10;

            AssertSame(mean, features.MeanPotential);
            AssertSame(deviation, features.PotentialStandardDeviation);
            AssertSame(hasShape ? MeanPower(3) / Math.Pow(deviation, 3) : 0, features.PotentialSkewness);
            AssertSame(hasShape ? (MeanPower(4) / Math.Pow(deviation, 4)) - 3 : 0, features.PotentialExcessKurtosis);
            AssertSame(changes.Length == 0 ? 0 : PairwiseSumTests.NaiveSum(changes) / changes.Length, features.MeanChange);
            AssertSame(changes.DefaultIfEmpty().Max(), features.MaxChange);
            AssertSame(sizes.Length < 2 ? 0 : NaiveMoments(sizes).Deviation, features.ClusterSizeStandardDeviation);

            double MeanPower(double exponent) => PairwiseSumTests.NaiveSum([.. centred.Select(x => Math.Pow(x, exponent))]) / centred.Length;
        }

        static void AssertSame(double expected, double actual) => Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));

        static (double Mean, double Deviation) NaiveMoments(double[] values)
        {
            var mean = PairwiseSumTests.NaiveSum(values) / values.Length;
            return (mean, Math.Sqrt(PairwiseSumTests.NaiveSum([.. values.Select(value => (value - mean) * (value - mean))]) / values.Length));
        }
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.999999)]
    [InlineData(1.000001)]
    [InlineData(1.1)]
    public void Extract_DeviationAboutTheStabilityThreshold_IsDecidedByTheWholeSum(double share)
    {
        // One restless cell in 100 gives a deviation of sqrt(0.0099) of its change, of which its own deviation from the mean is nearly all.
        var options = new FeatureOptions { StabilityWindow = 1, StabilityThresholdMillivolts = Math.Sqrt(0.0099) };
        var history = new double[300];
        history[150] = share / 1000;
        history.AsSpan(100, 100).CopyTo(history.AsSpan(200));

        Assert.Equal(share < 1.0 ? 1 : 2, FeatureVector.Of(history, 10, 10, options).StabilityFrame);
    }

    private static bool AreSame(FeatureVector expected, FeatureVector actual) =>
        expected.Undefined == actual.Undefined
        && expected.Values.Select(BitConverter.DoubleToInt64Bits).SequenceEqual(actual.Values.Select(BitConverter.DoubleToInt64Bits));

    /// <summary>Noise that stops after a while, in volts.</summary>
    private static double[] SettlingHistory(int cellCount, int frameCount, int seed)
    {
        var random = new RandomGenerator(seed);
        var quietFrom = random.NextInt64(0, frameCount + 10);
        var history = new double[cellCount * frameCount];
        for (var i = 0; i < history.Length; i++)
        {
            history[i] = i >= cellCount && i / cellCount >= quietFrom ? history[i - cellCount] : random.Normal(-0.057, 0.012);
        }

        return history;
    }

    /// <summary>How much more than a plain sum a feature suffers from rounding: squares of millivolts are large, moments are divided by a small deviation.</summary>
    private static double Sensitivity(string name) => name switch
    {
        "E_trend" => 1e4,
        "V_skew" or "V_kurt" => 1e3,
        _ => 1.0,
    };

    /// <summary>The definitions, one after the other, from all frames at once. The box dimension is tested where it is defined.</summary>
    private static Dictionary<string, double> NaiveFeatures(double[] history, int rowCount, int columnCount, FeatureOptions options)
    {
        var cellCount = rowCount * columnCount;
        var frames = history.Select(volts => volts * 1000).Chunk(cellCount).ToArray();
        var last = frames[^1];
        var mean = last.Average();
        var deviation = Deviation(last);
        var changes = frames.Zip(frames.Skip(1), (before, after) => before.Zip(after, (x, y) => Math.Abs(y - x)).ToArray()).ToArray();
        var low = Clusters(options.LowThresholdMillivolts);
        return new Dictionary<string, double>
        {
            ["V_min"] = last.Min(),
            ["V_max"] = last.Max(),
            ["V_mean"] = mean,
            ["V_std"] = deviation,
            ["V_skew"] = deviation > 1e-10 ? last.Average(x => Math.Pow((x - mean) / deviation, 3)) : 0,
            ["V_kurt"] = deviation > 1e-10 ? last.Average(x => Math.Pow((x - mean) / deviation, 4)) - 3 : 0,
            ["dV_mean"] = changes.SelectMany(change => change).DefaultIfEmpty().Average(),
            ["dV_max"] = changes.SelectMany(change => change).DefaultIfEmpty().Max(),
            ["T_stable"] = FirstQuietWindow(),
            ["E_trend"] = EnergySlope(),
            ["f_active"] = history.TakeLast(cellCount).Count(volts => volts > options.LowThresholdMillivolts / 1000) / (double)cellCount,
            ["N_clusters_low"] = low.Count,
            ["N_clusters_med"] = Clusters(options.MediumThresholdMillivolts).Count,
            ["N_clusters_high"] = Clusters(options.HighThresholdMillivolts).Count,
            ["max_cluster_size"] = low.DefaultIfEmpty().Max(),
            ["cluster_size_std"] = low.Count < 2 ? 0 : Deviation([.. low.Select(size => (double)size)]),
        };

        List<int> Clusters(double threshold) =>
            ClusterFinderTests.NaiveFloodFill([.. history.TakeLast(cellCount).Select(volts => volts > threshold / 1000)], rowCount, columnCount, options.Connectivity);

        static double Deviation(double[] values) => Math.Sqrt(values.Average(x => Math.Pow(x - values.Average(), 2)));

        double FirstQuietWindow()
        {
            if (frames.Length < 2)
            {
                return 0;
            }

            var length = options.Version == DefinitionVersion.V41 ? options.StabilityWindow : options.StabilityWindow - 1;
            for (var first = 0; first + length <= changes.Length; first++)
            {
                if (changes.Skip(first).Take(length).All(change => Deviation(change) < options.StabilityThresholdMillivolts))
                {
                    return first + 1;
                }
            }

            return frames.Length;
        }

        double EnergySlope()
        {
            var energies = frames.Select(frame => frame.Sum(x => x * x)).ToArray();
            var middle = (energies.Length - 1) / 2.0;
            var spread = Enumerable.Range(0, energies.Length).Sum(t => (t - middle) * (t - middle));
            return spread == 0 ? 0 : energies.Select((energy, t) => (t - middle) * (energy - energies.Average())).Sum() / spread;
        }
    }
}
