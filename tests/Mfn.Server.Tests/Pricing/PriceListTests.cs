using System.Collections.Immutable;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Validation;
using Mfn.Server.Pricing;

namespace Mfn.Server.Tests.Pricing;

public sealed class PriceListTests
{
    private static readonly SimulationSpec Reference = new() { GridSize = 64, StepCount = 100 };

    private static SimulationSpec GrayScott => new()
    {
        StepCount = 100,
        Pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("gray-scott")!)) with { RowCount = 64, ColumnCount = 32 },
    };

    private static readonly Dictionary<string, Func<int, Price>> Sizes = new()
    {
        { "reference", size => PriceList.Simulation(Reference with { GridSize = size }) },
        { "kinetics", size => PriceList.Simulation(GrayScott with { Pattern = GrayScott.Pattern! with { RowCount = size } }) },
        { "steps", size => PriceList.Steps(Reference, size) },
        { "features", size => PriceList.Features(size, 64, 10, 1) },
        { "frames of features", size => PriceList.FeatureFrames(64, 64, size) },
        { "vectors", size => PriceList.FeatureVectors(64, 64, size) },
        { "pattern", size => PriceList.PatternFeatures(size, 64, 1) },
        { "boxes", size => PriceList.BoxCounting(64, size, 5, 1) },
        { "stability", size => PriceList.HistoryStability(64, 64, size) },
        { "dimension", size => PriceList.Dimension(64, size, 5) },
        { "frames", size => PriceList.Frames(size, 64, 8, 10) },
        { "orbit", size => PriceList.IteratedFunctionSystem(size) },
        { "explain", size => PriceList.Explanation(GrayScott with { Pattern = GrayScott.Pattern! with { RowCount = size } }) },
        { "states", size => PriceList.States(Reference with { GridSize = size }, 1) },
        { "validation", size => PriceList.Validation(new ValidationSpec { GridSize = size }) },
        { "krum, n", size => Round(new Krum(), size, 1000) },
        { "krum, d", size => Round(new Krum(), 20, size) },
        { "multi-krum", size => Round(new MultiKrum(), size, 1000) },
        { "hierarchical", size => Round(new HierarchicalKrum(new HierarchicalKrumSpec()), 20 * size, 1000) },
        { "bulyan", size => Round(new Bulyan(), size, 1000) },
        { "mda", size => Round(new MinimumDiameterAveraging(), size, 1000) },
        { "median", size => Round(new CoordinateWiseMedian(), size, 1000) },
        { "trimmed", size => Round(new TrimmedMean(), size, 1000) },
        { "meamed", size => Round(new Meamed(), size, 1000) },
        { "geometric", size => Round(new GeometricMedian(), size, 1000) },
        { "clipping", size => Round(new CenteredClipping(), size, 1000) },
        { "mean", size => Round(new Mean(), size, 1000) },
        { "mixing", size => PriceList.Aggregation(new Mean(), [new NearestNeighborMixing()], size, 1000, 1, 1) },
        { "bucketing", size => PriceList.Aggregation(new Krum(), [new Bucketing()], size, 1000, 1, 1) },
    };

    public static TheoryData<string> Names => [.. Sizes.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Price_MoreOfIt_CostsMore(string name)
    {
        var previous = 0L;
        for (var size = 8; size <= 256; size += 31)
        {
            var price = Sizes[name](size).CellSteps;

            Assert.True(price > previous, $"{name}: {size} costs {price}, less of it {previous}.");
            previous = price;
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Price_WhateverItIs_TakesTime(string name) =>
        Assert.All(Sizes[name](64).Parts, part => Assert.True(part.StatedSeconds > 0 && double.IsFinite(part.StatedSeconds), name));

    [Theory]
    [InlineData(1, 99)]
    [InlineData(50, 50)]
    [InlineData(37, 63)]
    public void Steps_SplitInTwo_CostWhatTheWholeDoes(int first, int second)
    {
        foreach (var spec in (SimulationSpec[])[Reference, Reference with { IsJitterEnabled = true }, GrayScott, Adi()])
        {
            Assert.Equal(PriceList.Simulation(spec).CellSteps, PriceList.Steps(spec, first).CellSteps + PriceList.Steps(spec, second).CellSteps);
        }
    }

    [Fact]
    public void Steps_OfTheDefaultModel_AreTheUnit()
    {
        Assert.Equal(64 * 64 * 100, PriceList.Simulation(Reference).CellSteps);
        Assert.Equal(64 * 64 * 100, PriceList.Simulation(Reference with { Precision = Precision.Binary32 }).CellSteps);
        Assert.Equal(64 * 32 * 100, PriceList.Simulation(GrayScott).CellSteps);
    }

    [Fact]
    public void Steps_WithNoiseOrImplicitDiffusion_CostMore()
    {
        var noisy = GrayScott with { Pattern = GrayScott.Pattern! with { AdditiveNoise = [0.1, 0], MultiplicativeNoise = [0.1, 0.1] } };

        Assert.Equal(7 * 64 * 64 * 100, PriceList.Simulation(Reference with { IsJitterEnabled = true }).CellSteps);
        Assert.Equal(4 * 64 * 32 * 100, PriceList.Simulation(Adi()).CellSteps);
        Assert.Equal(19 * 64 * 32 * 100, PriceList.Simulation(noisy).CellSteps);
    }

    [Fact]
    public void Aggregation_OfPairs_GrowsWithTheSquareOfTheUpdates()
    {
        // n²d/2 differences, of which 32 are a cell-step; reading the updates is all but nothing beside.
        Assert.InRange(Round(new Krum(), 1000, 1_000_000).CellSteps, 15_600_000_000, 16_200_000_000);
        Assert.InRange(Round(new Krum(), 2000, 1_000_000).CellSteps / (double)Round(new Krum(), 1000, 1_000_000).CellSteps, 3.9, 4.0);
    }

    [Fact]
    public void Aggregation_OnMoreThreads_CostsTheSameAndTakesLess()
    {
        var one = PriceList.Aggregation(new Krum(), [], 100, 100_000, 10, 1);
        var two = PriceList.Aggregation(new Krum(), [], 100, 100_000, 10, 2);

        Assert.Equal(one.CellSteps, two.CellSteps);
        Assert.True(two.Parts[0].StatedSeconds < one.Parts[0].StatedSeconds);
    }

    [Fact]
    public void Price_BeyondALong_StaysAtItsEnd()
    {
        var largest = Reference with { GridSize = 32_768 };

        Assert.Equal(long.MaxValue, PriceList.Steps(largest, long.MaxValue).CellSteps);
        Assert.Equal(long.MaxValue, (PriceList.Steps(largest, long.MaxValue) + PriceList.Steps(largest, 1)).CellSteps);
        Assert.Equal(long.MaxValue, (PriceList.Steps(largest, 1) * long.MaxValue).CellSteps);
        Assert.Equal(long.MaxValue, PriceList.Frames(int.MaxValue, int.MaxValue, 48, long.MaxValue).CellSteps);
        Assert.Equal(long.MaxValue, Round(new MinimumDiameterAveraging(), int.MaxValue, int.MaxValue, int.MaxValue).CellSteps);
        Assert.Equal(long.MaxValue, Round(new Bulyan(), int.MaxValue, int.MaxValue).CellSteps);
    }

    [Fact]
    public void Steps_OfModelsThatTakeAsLong_AreOneKindOnlyAmongThose()
    {
        string[] names = [.. new[] { "schnakenberg", "brusselator", "gray-scott", "cubic" }.Select(KindOf)];

        Assert.Equal(["step kinetics euler f64", "step kinetics euler f64", "step gray-scott euler f64", "step cubic euler f64"], names);

        string KindOf(string model) =>
            PriceList.Steps(GrayScott with { Pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find(model)!)) }, 1).Single.Kind.Name;
    }

    [Fact]
    public void Steps_OfRowsThatBeginWithLinesOfTheCache_TakeLessThanOfShorterOnes() =>
        Assert.True(
            PriceList.Steps(GrayScott, 1).Single.StatedSeconds
            < PriceList.Steps(GrayScott with { Pattern = GrayScott.Pattern! with { ColumnCount = 31 } }, 1).Single.StatedSeconds);

    [Fact]
    public void Calls_WithFields_TakeLongerTheMoreBytesThereAre()
    {
        double[] seconds = [.. new[] { 0, 1000, 1_000_000 }.Select(bytes => PriceList.Calls("simulate", bytes).Single.StatedSeconds)];

        Assert.True(seconds[0] < seconds[1] && seconds[1] < seconds[2]);
        Assert.Equal(0, PriceList.Calls("simulate", 1_000_000).CellSteps);
        Assert.True(PriceList.Calls("simulate", 1000).Single.IsCall);
    }

    [Fact]
    public void PatternFeatures_OfPrimeSides_TakeLongerAndCostAsMuchACell()
    {
        var (smooth, prime) = (PriceList.PatternFeatures(128, 128, 1).Single, PriceList.PatternFeatures(127, 127, 1).Single);

        Assert.True(smooth.StatedSeconds < prime.StatedSeconds);
        Assert.Equal((128 * 128 * 512, 127 * 127 * 512), (smooth.CellSteps, prime.CellSteps));
    }

    [Fact]
    public void Price_OfNothing_IsNothing()
    {
        Assert.Equal(0, Price.Free.CellSteps);
        Assert.Equal(0, PriceList.Steps(Reference, 0).CellSteps);
        Assert.Equal(0, Round(new Mean(), 0, 1000).CellSteps);
    }

    private static SimulationSpec Adi() => GrayScott with { Pattern = GrayScott.Pattern! with { Integrator = Integrator.Adi } };

    private static Price Round(IAggregationRule rule, int updateCount, int length, int byzantineCount = 1) =>
        PriceList.Aggregation(rule, ImmutableArray<IPreAggregation>.Empty, updateCount, length, byzantineCount, threadCount: 1);
}
