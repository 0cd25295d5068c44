using Mfn.Core.Features;
using Mfn.Core.Randomness;
using Mfn.Core.Spectra;

namespace Mfn.Core.Tests.Spectra;

public sealed class PatternFeaturesTests
{
    private static readonly PatternFeatureOptions Options = new();

    [Fact]
    public void Of_Stripes_HaveHalfTheAreaAsManySpotsAsStripesAndNoDefect()
    {
        // A phase of half a cell, so that no value is on the threshold.
        var values = SyntheticPatterns.Field(96, 120, (row, column) => Math.Cos(2 * Math.PI * (column + 0.5) / 12));

        var features = PatternFeatures.Of(values, [], 96, 120, Options with { CellWidth = 0.5 });

        Assert.Equal(6, features.MeanWavelength!.Value, 1e-10);
        Assert.Equal(6, features.PeakWavelength!.Value, 1e-9);
        Assert.Equal(10, features.SpotCount);
        Assert.Equal(0.5, features.AreaFraction);
        Assert.Equal(new DefectCounts(0, 0), features.StripeDefects);
        Assert.Null(features.PhaseSingularities);
        Assert.Null(features.OscillationPeriod);
    }

    [Theory]
    [InlineData(4, 4, 111, 64)]
    [InlineData(5, 3, 80, 83)]
    public void Of_Hexagons_HaveOneSpotALatticePointOverTheRim(int m, int n, int rowCount, int columnCount)
    {
        var values = SyntheticPatterns.Hexagons(rowCount, columnCount, m, n);

        var features = PatternFeatures.Of(values, [], rowCount, columnCount, Options);

        Assert.Equal(2 * m * n, features.SpotCount);
        Assert.InRange(features.AreaFraction, 0.05, 0.35);

        // The three wavevectors are not of quite the same length in a box of whole cells.
        var wavenumber = ((2.0 * n / columnCount) + (2 * Math.Sqrt(((double)m / rowCount * m / rowCount) + ((double)n / columnCount * n / columnCount)))) / 3;
        Assert.Equal(1 / wavenumber, features.MeanWavelength!.Value, 1e-9);
    }

    [Fact]
    public void Of_UniformField_HasNothingThatNeedsAPattern()
    {
        var features = PatternFeatures.Of(Enumerable.Repeat(0.3, 80).ToArray(), [], 8, 10, Options);

        Assert.Equal(new PatternFeatures { Threshold = 0.3, SpotCount = 0, AreaFraction = 0 }, features);
        Assert.Equal(1, PatternFeatures.Of(Enumerable.Repeat(0.3, 80).ToArray(), [], 8, 10, Options with { Threshold = 0.2 }).AreaFraction);
    }

    [Fact]
    public void FindSizes_SpotsOverTheRim_JoinOnAPeriodicPlaneAlone()
    {
        double[] values =
        [
            1, 0, 0, 1,
            0, 0, 0, 0,
            0, 1, 0, 0,
            1, 0, 0, 0,
        ];

        Assert.Equal([1, 1, 1, 1], SpotFinder.FindSizes(values, 4, 4, 0.5, Connectivity.Four, isPeriodic: false));
        Assert.Equal([1, 1, 2], SpotFinder.FindSizes(values, 4, 4, 0.5, Connectivity.Eight, isPeriodic: false));
        Assert.Equal([3, 1], SpotFinder.FindSizes(values, 4, 4, 0.5, Connectivity.Four, isPeriodic: true));
        Assert.Equal([4], SpotFinder.FindSizes(values, 4, 4, 0.5, Connectivity.Eight, isPeriodic: true));
        Assert.Equal([16], SpotFinder.FindSizes(values, 4, 4, -1, Connectivity.Four, isPeriodic: true));
        Assert.Empty(SpotFinder.FindSizes(values, 4, 4, 1, Connectivity.Four, isPeriodic: true));
    }

    [Fact]
    public void FindSizes_RandomFields_MatchTheClusterFinderWithoutARim()
    {
        var random = new RandomGenerator(7);
        foreach (var connectivity in Enum.GetValues<Connectivity>())
        {
            for (var trial = 0; trial < 30; trial++)
            {
                var values = new double[17 * 23];
                random.FillUniform(0, 1, values);

                Assert.Equal(
                    new ClusterFinder(17, 23, connectivity).FindSizes(values.Select(value => value > 0.45).ToArray()).ToArray(),
                    SpotFinder.FindSizes(values, 17, 23, 0.45, connectivity, isPeriodic: false));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Of_Spiral_HasOnePhaseSingularityOfItsSense(int armCount)
    {
        var (u, v) = SyntheticPatterns.Spiral(64, 30.3, 33.6, armCount, 16);

        var features = PatternFeatures.Of(u, v, 64, 64, Options with { IsPeriodic = false });

        Assert.Equal(armCount > 0 ? new DefectCounts(1, 0) : new DefectCounts(0, 1), features.PhaseSingularities);
    }

    [Fact]
    public void Count_TwoArmedSpiralsAndPairs_AddUpTheirCharges()
    {
        // Two arms are a charge of two, at two points of one.
        var (u, v) = SyntheticPatterns.Spiral(64, 30.3, 33.6, 2, 16);
        Assert.Equal(2, PhaseSingularities.Count(u, v, 64, 64, 0, 0, isPeriodic: false).Positive);

        // sin x + i sin y turns about the four points where both are 0, two each way.
        var x = SyntheticPatterns.Field(50, 60, (row, column) => Math.Sin(2 * Math.PI * (column + 0.3) / 60));
        var y = SyntheticPatterns.Field(50, 60, (row, column) => Math.Sin(2 * Math.PI * (row + 0.3) / 50));
        Assert.Equal(new DefectCounts(2, 2), PhaseSingularities.Count(x, y, 50, 60, 0, 0, isPeriodic: true));
    }

    [Fact]
    public void Count_RandomFieldsOnATorus_HaveAsManyOfEachSign()
    {
        var random = new RandomGenerator(5);
        var (u, v) = (new double[40 * 30], new double[40 * 30]);
        random.FillStandardNormal(u);
        random.FillStandardNormal(v);

        var counts = PhaseSingularities.Count(u, v, 40, 30, 0, 0, isPeriodic: true);
        var stripes = StripeDefects.Count(u, 40, 30, 4, isPeriodic: true);

        // A turn of independent signs about a square: 1/6 of random squares each way would be 200.
        Assert.InRange(counts.Positive, 150, 250);
        Assert.Equal(counts.Positive, counts.Negative);
        Assert.Equal(stripes.Positive, stripes.Negative);
        Assert.True(stripes.Total > 0);
    }

    [Fact]
    public void Count_StripesThatEndInABendOrMeetInThrees_AreADisclination()
    {
        const int Extent = 97;
        const double Wavelength = 12;

        // Distance to a half line: stripes that turn about its end by π. To the nearest of three half lines at 120°: three bundles that meet.
        var bend = SyntheticPatterns.Field(Extent, Extent, (row, column) => Stripe(Distance(column - 48.4, row - 47.7, 0)));
        var trident = SyntheticPatterns.Field(Extent, Extent, (row, column) => Stripe(
            Enumerable.Range(0, 3).Min(ray => Distance(column - 48.4, row - 47.7, (2 * Math.PI * ray / 3) + 0.2))));

        // Rings turn by 2π: two charges of ½.
        var rings = SyntheticPatterns.Field(Extent, Extent, (row, column) => Stripe(Math.Sqrt(((column - 48.4) * (column - 48.4)) + ((row - 47.7) * (row - 47.7)))));

        Assert.Equal(new DefectCounts(1, 0), StripeDefects.Count(bend, Extent, Extent, Wavelength, isPeriodic: false));
        Assert.Equal(new DefectCounts(0, 1), StripeDefects.Count(trident, Extent, Extent, Wavelength, isPeriodic: false));
        Assert.Equal(new DefectCounts(2, 0), StripeDefects.Count(rings, Extent, Extent, Wavelength, isPeriodic: false));

        static double Stripe(double distance) => Math.Cos(2 * Math.PI * distance / Wavelength);

        static double Distance(double x, double y, double angle)
        {
            var (sine, cosine) = Math.SinCos(angle);
            var along = (x * cosine) + (y * sine);
            return along < 0 ? Math.Sqrt((x * x) + (y * y)) : Math.Abs((y * cosine) - (x * sine));
        }
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(7, 0)]
    [InlineData(6, 8)]
    public void Count_StripesOfAnyDirection_HaveNoDefect(int m, int n)
    {
        var values = SyntheticPatterns.Stripes(96, 96, m, n);
        var wavelength = 96 / Math.Sqrt((m * m) + (n * n));

        Assert.Equal(0, StripeDefects.Count(values, 96, 96, wavelength, isPeriodic: true).Total);
    }

    [Fact]
    public void OscillationPeriod_Cosine_IsItsPeriodWhateverThePhaseAndNoise()
    {
        var random = new RandomGenerator(3);
        for (var trial = 0; trial < 20; trial++)
        {
            var (period, phase) = (random.Uniform(5, 40), random.Uniform(0, 6));
            var samples = Enumerable.Range(0, 400).Select(i => 3 + Math.Cos((2 * Math.PI * i / period) + phase) + random.Normal(0, 0.02)).ToArray();

            var found = OscillationPeriod.Of(samples, 0.5)!.Value;

            Assert.Equal(period * 0.5, found.Period, 0.01 * period);
            Assert.InRange(found.CycleCount, (400 / period) - 2, 400 / period);
        }
    }

    [Fact]
    public void OscillationPeriod_RelaxationWithNoiseAtTheMiddle_CountsEachCycleOnce()
    {
        // Waits in the middle, where noise crosses it often.
        double[] cycle = [-1, -1, 0.05, -0.05, 0.05, -0.05, 1, 1, 0.05, -0.05];
        var samples = Enumerable.Range(0, 100).Select(i => cycle[i % 10]).ToArray();

        Assert.Equal(new OscillationPeriod(10, 9), OscillationPeriod.Of(samples, 1));
    }

    [Fact]
    public void OscillationPeriod_WithoutAWholePeriod_IsNull()
    {
        Assert.Null(OscillationPeriod.Of([], 1));
        Assert.Null(OscillationPeriod.Of([2, 2, 2], 1));
        Assert.Null(OscillationPeriod.Of([0, 1, 0, 0.2], 1));
        Assert.Null(OscillationPeriod.Of([.. Enumerable.Range(0, 50).Select(i => (double)i)], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => OscillationPeriod.Of([1, 2], 0));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(8192)]
    [InlineData(8193)]
    [InlineData(100_000)]
    public void ProbeHistory_LongerThanItsMemory_KeepsThePeriod(int count)
    {
        var history = new ProbeHistory();
        for (var i = 0; i < count; i++)
        {
            history.Add(Math.Cos(2 * Math.PI * i / 123.4));
        }

        Assert.Equal(123.4 * 0.5, history.FindPeriod(0.5)!.Value.Period, 0.1);
        Assert.InRange(history.FindPeriod(0.5)!.Value.CycleCount, (int)(count / 123.4) - 2, (int)(count / 123.4));
    }
}
