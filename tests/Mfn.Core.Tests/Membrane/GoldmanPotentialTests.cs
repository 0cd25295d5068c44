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
        Assert.Equal(-0.05992, GoldmanPotential.Compute([Potassium, Sodium, Chloride], temperature: 293.15), 1e-5);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Compute_OnePermeantIon_IsTheNernstPotential(int valence) =>
        Prop.ForAll(
            Gen.Choose(0, 1_000_000).Two().Zip(Gen.Choose(1, 1000)).ToArbitrary(),
            concentrationsAndPermeability =>
            {
                var ((outside, inside), permeability) = concentrationsAndPermeability;
                var ion = new PermeantIon(valence, permeability * 1e-3, outside * 1e-6, inside * 1e-6);
                var impermeant = Sodium with { Permeability = 0 };

                // Swapping the sides of an anion changes a sign; its logarithm is of the inverse ratio.
                var nernst = NernstPotential.Compute(valence, ion.OutsideMolar, ion.InsideMolar);
                return Math.Abs(GoldmanPotential.Compute([ion, impermeant]) - nernst) <= CancellationTolerance;
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Compute_SeveralIons_LiesBetweenTheirNernstPotentials()
    {
        PermeantIon[] ions = [Potassium, Sodium, Chloride];
        var nernst = ions.Select(ion => NernstPotential.Compute(ion.Valence, ion.OutsideMolar, ion.InsideMolar)).ToArray();

        Assert.InRange(GoldmanPotential.Compute(ions), nernst.Min(), nernst.Max());
    }

    [Fact]
    public void Compute_PermeabilitiesInAnotherUnit_GivesTheSame()
    {
        PermeantIon[] ions = [Potassium, Sodium, Chloride];

        // A power of two does not round.
        Assert.Equal(
            GoldmanPotential.Compute(ions),
            GoldmanPotential.Compute([.. ions.Select(ion => ion with { Permeability = ion.Permeability * 1024 })]));
    }

    [Fact]
    public void Compute_ImpossibleIons_NamesAllProblems()
    {
        var error = Assert.Throws<ArgumentException>(() => GoldmanPotential.Compute(
            [new PermeantIon(2, -1, double.NaN, 0.1), new PermeantIon(0, 0, 0.1, double.PositiveInfinity)]));

        Assert.Contains("valence must be 1 or -1, but was 2 for ion 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("permeability must be finite and at least 0, but was -1 for ion 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("concentration outside must be finite, but was NaN for ion 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("valence must be 1 or -1, but was 0 for ion 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("concentration inside must be finite, but was Infinity for ion 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("At least one ion must have a permeability above 0", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => GoldmanPotential.Compute([]));
    }
}
