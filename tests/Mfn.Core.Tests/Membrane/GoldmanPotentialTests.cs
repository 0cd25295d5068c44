using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Membrane;

namespace Mfn.Core.Tests.Membrane;

public sealed class GoldmanPotentialTests
{
    // A permeability in numerator and denominator is rounded twice before it cancels.
    private const double CancellationTolerance = 1e-16;

    private static readonly PermeantIon Potassium = new(1, 1.0, 0.020, 0.400);
    private static readonly PermeantIon Sodium = new(1, 0.04, 0.440, 0.050);
    private static readonly PermeantIon Chloride = new(-1, 0.45, 0.560, 0.052);

    // Squid giant axon at rest with Hodgkin and Katz's permeabilities 1 : 0.04 : 0.45, at 20 °C. By hand: the ratio is
    // (0.020 + 0.04 * 0.440 + 0.45 * 0.052) / (0.400 + 0.04 * 0.050 + 0.45 * 0.560) = 0.0610 / 0.6540, its logarithm -2.37221,
    // and RT/F = 25.26075 mV.
    [Fact]
    public void Compute_SquidAxonAtRest_IsTheTextbookValue() =>
        Assert.Equal(-0.05992, Compute([Potassium, Sodium, Chloride], 293.15), 1e-5);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Compute_OnePermeantIon_IsTheNernstPotential(int valence) =>
        Prop.ForAll(
            Gen.Choose(1, 1_000_000).Two().Zip(Gen.Choose(1, 1000)).ToArbitrary(),
            concentrationsAndPermeability =>
            {
                var ((outside, inside), permeability) = concentrationsAndPermeability;
                var ion = new PermeantIon(valence, permeability * 1e-3, outside * 1e-6, inside * 1e-6);
                var impermeant = Sodium with { Permeability = 0 };

                // Swapping the sides of an anion changes a sign; its logarithm is of the inverse ratio.
                var nernst = NernstPotential.Compute(valence, ion.OutsideMolar, ion.InsideMolar);
                return Math.Abs(Compute([ion, impermeant]) - nernst) <= CancellationTolerance;
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Compute_SeveralIons_LiesBetweenTheirNernstPotentials()
    {
        PermeantIon[] ions = [Potassium, Sodium, Chloride];
        var nernst = ions.Select(ion => NernstPotential.Compute(ion.Valence, ion.OutsideMolar, ion.InsideMolar)).ToArray();

        Assert.InRange(Compute(ions), nernst.Min(), nernst.Max());
    }

    [Fact]
    public void Compute_PermeabilitiesInAnotherUnit_GivesTheSame()
    {
        PermeantIon[] ions = [Potassium, Sodium, Chloride];

        // A power of two does not round.
        Assert.Equal(
            Compute(ions),
            Compute([.. ions.Select(ion => ion with { Permeability = ion.Permeability * 1024 })]));
    }

    // The ratio of the concentrations is 0.4 whatever their size: ln 0.4 = -0.9162907319 times RT/F = 26.7122467568 mV.
    [Theory]
    [InlineData(4e-8, 1e-7)]
    [InlineData(4e-1, 1)]
    [InlineData(4e-300, 1e-299)]
    public void Compute_OneCationHoweverDilute_IsExact(double outside, double inside) =>
        Assert.Equal(-0.02447618413, Compute([new PermeantIon(1, 1, outside, inside)]), 1e-12);

    // With e = 2^-1074, the least double, of which -ln is 744.44007192138: (10^6 e + 1000 e) / (10^6 1000 + 1000 e) = 1001 e / 10^6.
    [Fact]
    public void Compute_LeastAndGreatestConcentrations_AreFiniteAndExact()
    {
        const double SlopeAt310 = 8.314 * 310 / 96485.33212;

        var potential = Compute([new PermeantIon(1, 1e6, double.Epsilon, 1000), new PermeantIon(-1, double.Epsilon, 1000, 1000)]);

        Assert.Equal(-SlopeAt310 * (744.44007192138 + Math.Log(1e6 / 1001)), potential, 1e-12);
        Assert.Equal(0, Compute([new PermeantIon(1, double.Epsilon, double.Epsilon, double.Epsilon)]));
    }

    [Fact]
    public void Compute_ProductsOfAnySize_MatchNaiveSumsInDecimal() =>
        Prop.ForAll(
            Gen.Choose(-9, 3).Two().Zip(Gen.Choose(-9, 3).Two()).Zip(Gen.Choose(1, 99_999).Four()).ToArbitrary(),
            exponentsAndDigits =>
            {
                var (((a, b), (c, d)), (e, f, g, h)) = exponentsAndDigits;
                double[] values = [.. new[] { (a, e), (b, f), (c, g), (d, h) }.Select(pair => Math.Clamp(pair.Item2 * 1e-5 * Math.Pow(10, pair.Item1), 1e-14, 999))];
                var (x, y, z, w) = ((decimal)values[0], (decimal)values[1], (decimal)values[2], (decimal)values[3]);

                // Permeabilities 1 and 0.04; the second ion is an anion.
                var expected = Math.Log((double)((x + (0.04m * w)) / (y + (0.04m * z)))) * 8.314 * 310 / 96485.33212;
                var actual = Compute([new PermeantIon(1, 1, values[0], values[1]), new PermeantIon(-1, 0.04, values[2], values[3])]);
                return Math.Abs(actual - expected) <= 1e-13;
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Compute_ReferenceFloor_RaisesAndSaysWhich()
    {
        var spec = new GoldmanSpec { Ions = [new PermeantIon(1, 1, 4e-8, 1e-7), new PermeantIon(-1, 0.5, 1e-6, 9.9e-7)], UsesReferenceFloor = true };

        Assert.Equal(0, GoldmanPotential.Compute(spec));
        Assert.Equal(
            [new(0, MembraneSide.Outside), new(0, MembraneSide.Inside), new(1, MembraneSide.Inside)],
            spec.RaisedConcentrations);
        Assert.Empty((spec with { UsesReferenceFloor = false }).RaisedConcentrations);
    }

    [Fact]
    public void Compute_ImpossibleIons_NamesAllProblems()
    {
        var spec = new GoldmanSpec
        {
            Ions = [new PermeantIon(2, -1, double.NaN, 0.1), new PermeantIon(0, 0, 0, double.PositiveInfinity)],
            TemperatureKelvin = 20,
        };

        var error = Assert.Throws<ArgumentException>(() => GoldmanPotential.Compute(spec));

        Assert.StartsWith(
            "Ions[0].Valence must be 1 or -1 (the equation holds for monovalent ions alone), but was 2. "
            + "Ions[0].Permeability must be between 0 and 1000000, but was -1. "
            + "Ions[0].OutsideMolar must be above 0 and at most 1000, but was NaN. "
            + "Ions[1].Valence must be 1 or -1 (the equation holds for monovalent ions alone), but was 0. "
            + "Ions[1].OutsideMolar must be above 0 and at most 1000, but was 0. "
            + "Ions[1].InsideMolar must be above 0 and at most 1000, but was Infinity. "
            + "TemperatureKelvin must be between 273 and 373, but was 20.",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "Ions must have one with a permeability above 0, but all were 0.",
            Assert.Throws<ArgumentException>(() => Compute([Potassium with { Permeability = 0 }])).Message,
            StringComparison.Ordinal);
        Assert.Contains("Ions must be between 1 and 16, but were 0.", Assert.Throws<ArgumentException>(() => Compute([])).Message, StringComparison.Ordinal);
    }

    private static double Compute(PermeantIon[] ions, double temperature = NernstPotential.BodyTemperature) =>
        GoldmanPotential.Compute(new GoldmanSpec { Ions = [.. ions], TemperatureKelvin = temperature });
}
