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
        double Compute() => NernstPotential.Compute(inputs.GetProperty("z").GetInt32(), values[0], values[1], values[2]);

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
    public void Compute_OppositeValenceOrSwappedSides_ChangesTheSignAlone()
    {
        var potential = NernstPotential.Compute(2, 0.002, 0.0001, 300);

        Assert.Equal(-potential, NernstPotential.Compute(-2, 0.002, 0.0001, 300));
        Assert.Equal(-potential, NernstPotential.Compute(2, 0.0001, 0.002, 300), 1e-17);
    }

    [Fact]
    public void Compute_LowerFloor_ShowsTheCalciumGradient()
    {
        Assert.Equal(0.1015, NernstPotential.Compute(2, 0.002, 1e-7), 1e-4);
        Assert.Equal(0.1323, NernstPotential.Compute(2, 0.002, 1e-7, concentrationFloor: 1e-9), 1e-4);
    }

    [Fact]
    public void Compute_ImpossibleArguments_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(0, 0.1, 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0.1, 0.1, concentrationFloor: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NernstPotential.Compute(1, 0.1, 0.1, double.PositiveInfinity));
    }
}
