using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Membrane;

namespace Mfn.Core.Tests.Membrane;

public sealed class NernstPotentialTests
{
    // The reference's own tolerance: one logarithm, rounded by another libm.
    private const double RelativeTolerance = 1e-12;

    public static TheoryData<string> Cases => GoldenFile.Ids("nernst.json");

    [Theory, MemberData(nameof(Cases))]
    public void Compute_ReferenceCase_AgreesOrIsRefused(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("nernst.json", id);
        var expected = outputs.GetProperty("function_volts");
        var numbers = new[] { "c_out", "c_in", "temperature_k" }.Select(name => inputs.GetProperty(name)).ToArray();
        var isFinite = numbers.All(number => number.ValueKind == System.Text.Json.JsonValueKind.Number);
        var values = numbers.Select(number => number.ValueKind == System.Text.Json.JsonValueKind.Number
            ? number.GetDouble()
            : number.GetString() == "NaN" ? double.NaN : double.PositiveInfinity).ToArray();
        double Compute() => NernstPotential.Compute(inputs.GetProperty("z").GetInt32(), values[0], values[1], values[2], NernstPotential.ReferenceFloor);

        // The reference passes NaN and infinities on; here nothing non-finite gets in.
        if (!expected.GetProperty("ok").GetBoolean() || !isFinite)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Compute());
            return;
        }

        var volts = expected.GetProperty("value").GetDouble();
        Assert.Equal(volts, Compute(), RelativeTolerance * Math.Abs(volts));
    }

    [Fact]
    public void Compute_Potassium_IsTheTextbookValue() =>
        Assert.Equal(-0.08901066911987907, NernstPotential.Compute(1, outsideMolar: 0.005, insideMolar: 0.14), 1e-15);

    [Fact]
    public void Compute_ManyPlaces_GivesWhatTheScalarGives()
    {
        double[] outside = [0.005, 0, -1, 0.145, 1e-6];
        double[] inside = [0.14, 0.1, 1e-7, 0.012, 1e-6];
        var potentials = new double[outside.Length];

        var clampedCount = NernstPotential.Compute(-1, outside, inside, potentials, 300, NernstPotential.ReferenceFloor);

        Assert.Equal(3, clampedCount);
        Assert.Equal(outside.Zip(inside, (o, i) => NernstPotential.Compute(-1, o, i, 300, NernstPotential.ReferenceFloor)), potentials);
    }

    [Fact]
    public void Compute_SpansThatDoNotFit_AreRefusedAndNothingIsWritten()
    {
        var destination = new double[] { 7, 7 };

        Assert.Throws<ArgumentException>(() => NernstPotential.Compute(1, [0.1, 0.1], [0.1], destination));
        Assert.Throws<ArgumentException>(() => NernstPotential.Compute(1, [0.1], [0.1], destination));
        var error = Assert.Throws<ArgumentException>(
            () => NernstPotential.Compute(1, [double.NaN, 0.1], [0.1, 0.1], destination));

        Assert.Contains("1 are NaN and 0 infinite", error.Message, StringComparison.Ordinal);
        Assert.Equal([7.0, 7.0], destination);
    }

    [Fact]
    public void Compute_AnyConcentrations_IsOddInTheValence() =>
        Prop.ForAll(
            Gen.Choose(1, 1_000_000).Two().Zip(Gen.Choose(1, 3)).ToArbitrary(),
            concentrationsAndValence =>
            {
                var ((outside, inside), valence) = concentrationsAndValence;
                return NernstPotential.Compute(valence, outside * 1e-6, inside * 1e-6)
                    == -NernstPotential.Compute(-valence, outside * 1e-6, inside * 1e-6);
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Compute_OppositeValenceOrSwappedSides_ChangesTheSignAlone()
    {
        var potential = NernstPotential.Compute(2, 0.002, 0.0001, 300);

        Assert.Equal(-potential, NernstPotential.Compute(-2, 0.002, 0.0001, 300));
        Assert.Equal(-potential, NernstPotential.Compute(2, 0.0001, 0.002, 300), 1e-17);
    }

    // 10^-7 mol/L inside: ln(0.002 / 10^-7) = ln 20000 = 9.903487552536 times RT/2F = 13.356123378394 mV is 132.272 mV.
    [Fact]
    public void Compute_RestingCalcium_IsExactWithoutTheReferencesFloor()
    {
        var calcium = new NernstSpec { Valence = 2, OutsideMolar = 0.002, InsideMolar = 1e-7 };
        var floored = calcium with { UsesReferenceFloor = true };

        Assert.Equal(0.132272201628, NernstPotential.Compute(calcium), 1e-12);
        Assert.Equal(0.10151859103677918, NernstPotential.Compute(floored), 1e-15);
        Assert.Equal((false, false, false, true), (calcium.IsOutsideRaised, calcium.IsInsideRaised, floored.IsOutsideRaised, floored.IsInsideRaised));
        Assert.Equal(0.1323, NernstPotential.Compute(2, 0.002, 1e-7, concentrationFloor: 1e-9), 1e-4);
    }

    [Fact]
    public void Compute_LeastDoubles_AreExact()
    {
        const double SlopeAt310 = 8.314 * 310 / 96485.33212;
        const double LogOfLeast = -744.44007192138;

        Assert.Equal(SlopeAt310 * (Math.Log(1000) - LogOfLeast), NernstPotential.Compute(1, 1000, double.Epsilon), 1e-12);
        Assert.Equal(-SlopeAt310 * (Math.Log(1000) - LogOfLeast), NernstPotential.Compute(1, double.Epsilon, 1000), 1e-12);
        Assert.Equal(SlopeAt310 * Math.Log(3), NernstPotential.Compute(1, 3 * double.Epsilon, double.Epsilon), 1e-16);
    }

    [Fact]
    public void Compute_ImpossibleArguments_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(0, 0.1, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0.1, -1e-9));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0.1, 0.1, concentrationFloor: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0.1, 0.1, double.PositiveInfinity));
        Assert.Contains(
            "must be above 0, but number 1 is 0",
            Assert.Throws<ArgumentException>(() => NernstPotential.Compute(1, [0.1, 0.1], [0.1, 0], new double[2])).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Valence must be between -3 and 3 and not 0, but was 0. OutsideMolar must be above 0 and at most 1000, but was 0. "
            + "InsideMolar must be above 0 and at most 1000, but was 1001. TemperatureKelvin must be between 273 and 373, but was 0.",
            Assert.Throws<ArgumentException>(
                () => NernstPotential.Compute(new NernstSpec { Valence = 0, OutsideMolar = 0, InsideMolar = 1001, TemperatureKelvin = 0 })).Message,
            StringComparison.Ordinal);
    }
}
