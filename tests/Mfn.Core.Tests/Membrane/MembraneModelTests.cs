using System.Text.Json;
using Mfn.Core.Membrane;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Membrane;

public sealed class MembraneModelTests
{
    private const string NernstFile = "nernst.json";
    private const string OdeFile = "membrane.json";

    // The reference's own tolerance: one logarithm, rounded by another libm.
    private const double RelativeTolerance = 1e-12;

    public static TheoryData<string> NernstCases => GoldenFile.Ids(NernstFile);

    public static TheoryData<string> NernstArrayCases => GoldenFile.Ids(NernstFile, "array_cases");

    public static TheoryData<string> OdeCases => GoldenFile.Ids(OdeFile);

    public static TheoryData<int> ConfigCases =>
        [.. Enumerable.Range(0, GoldenFile.Open(OdeFile).GetProperty("config_cases").GetArrayLength())];

    [Theory, MemberData(nameof(NernstCases))]
    public void ComputeNernst_ReferenceCase_AgreesOrIsRefused(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(NernstFile, id);
        var expected = outputs.GetProperty("engine_volts");
        (double Potential, bool IsClamped) Compute() => new MembraneModel(new MembraneSpec { ConcentrationFloor = NernstPotential.ReferenceFloor }).ComputeNernst(
            inputs.GetProperty("z").GetInt32(),
            Number(inputs.GetProperty("c_out")),
            Number(inputs.GetProperty("c_in")),
            Number(inputs.GetProperty("temperature_k")));

        // The reference computes first and refuses a result that is not finite; here concentrations are refused that are not.
        if (!expected.GetProperty("ok").GetBoolean())
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Compute());
            return;
        }

        var volts = expected.GetProperty("value").GetDouble();
        Assert.Equal(volts, Compute().Potential, RelativeTolerance * Math.Abs(volts));
        Assert.Equal(outputs.GetProperty("engine_clamping_events").GetInt32() == 1, Compute().IsClamped);
    }

    [Theory, MemberData(nameof(NernstArrayCases))]
    public void ComputeNernst_ReferenceArray_Agrees(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(NernstFile, id, "array_cases");
        var outside = GoldenFile.Doubles(inputs.GetProperty("c_out"));
        var expected = GoldenFile.Doubles(outputs.GetProperty("volts"));
        var potentials = new double[outside.Length];

        var metrics = new MembraneModel(new MembraneSpec { ConcentrationFloor = NernstPotential.ReferenceFloor }).ComputeNernst(
            inputs.GetProperty("z").GetInt32(),
            outside,
            GoldenFile.Doubles(inputs.GetProperty("c_in")),
            potentials,
            inputs.GetProperty("temperature_k").GetDouble());

        Assert.All(
            expected.Zip(potentials),
            pair => Assert.Equal(pair.First, pair.Second, RelativeTolerance * Math.Abs(pair.First)));
        AssertMetrics(outputs.GetProperty("metrics"), metrics, RelativeTolerance);
    }

    [Theory, MemberData(nameof(OdeCases))]
    public void Integrate_ReferenceCase_HasTheSameBitsOrFailsTheSame(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(OdeFile, id);
        var final = outputs.GetProperty("final");
        var metrics = outputs.GetProperty("metrics");
        var model = new MembraneModel(new MembraneSpec
        {
            TimeStep = inputs.GetProperty("dt").GetDouble(),
            Scheme = inputs.GetProperty("scheme").GetString() == "euler" ? IntegrationScheme.Euler : IntegrationScheme.RungeKutta4,
        });
        var potentials = OneOrMore(inputs.GetProperty("v0"));
        MembraneMetrics Integrate() => model.Integrate(
            potentials,
            Derivative(inputs.GetProperty("derivative").GetString()!, inputs.GetProperty("params")),
            inputs.GetProperty("steps").GetInt32(),
            inputs.GetProperty("clamp").GetBoolean());

        if (!final.GetProperty("ok").GetBoolean())
        {
            // The reference counts steps from 0. It leaves its metrics behind; here the clamping events are lost with the result.
            var error = Assert.Throws<NonFiniteFieldException>(() => Integrate());
            Assert.Equal(final.GetProperty("step").GetInt32() + 1, error.Step);
            Assert.Equal(metrics.GetProperty("steps_computed").GetInt32() + 1, error.Step);
            Assert.Equal(final.GetProperty("field_name").GetString(), error.FieldName);
            Assert.Equal(Count("nan_count"), error.Cells.NanCount);
            Assert.Equal(Count("inf_count"), error.Cells.InfinityCount);
            Assert.Equal(metrics.GetProperty("nan_detected").GetBoolean(), error.Cells.NanCount > 0);
            Assert.Equal(metrics.GetProperty("inf_detected").GetBoolean(), error.Cells.InfinityCount > 0);
            return;
        }

        AssertMetrics(metrics, Integrate(), relativeTolerance: 0);
        Assert.Equal(OneOrMore(final.GetProperty("value")), potentials);

        int Count(string name) => final.TryGetProperty(name, out var count) ? count.GetInt32() : 0;
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void FindProblems_ReferenceCase_NamesTheSameParameter(int index)
    {
        var item = GoldenFile.Open(OdeFile).GetProperty("config_cases")[index];
        var outputs = item.GetProperty("outputs");
        var spec = new MembraneSpec();
        foreach (var input in item.GetProperty("inputs").EnumerateObject())
        {
            var value = Number(input.Value);
            spec = input.Name switch
            {
                "temperature_k" => spec with { Temperature = value },
                "ion_clamp_min" => spec with { ConcentrationFloor = value },
                "dt" => spec with { TimeStep = value },
                "potential_min_v" => spec with { LowestPotential = value },
                "potential_max_v" => spec with { HighestPotential = value },
                _ => throw new ArgumentException($"Unknown parameter {input.Name}."),
            };
        }

        var problems = spec.FindProblems();

        if (outputs.GetProperty("ok").GetBoolean())
        {
            Assert.Empty(problems);
            Assert.Equal(spec, new MembraneModel(spec).Spec);
            return;
        }

        var expected = outputs.GetProperty("parameter_name").GetString() switch
        {
            "temperature_k" => nameof(MembraneSpec.Temperature),
            "ion_clamp_min" => nameof(MembraneSpec.ConcentrationFloor),
            "dt" => nameof(MembraneSpec.TimeStep),
            "potential_min_v" => nameof(MembraneSpec.LowestPotential),
            _ => nameof(MembraneSpec.HighestPotential),
        };
        Assert.All(problems, problem => Assert.Equal(expected, problem.Parameter));
        Assert.NotEmpty(problems);
        Assert.Throws<ArgumentException>(() => new MembraneModel(spec));
    }

    [Fact]
    public void Constructor_SpecWithProblems_NamesThemAll()
    {
        var spec = new MembraneSpec
        {
            Temperature = 400,
            ConcentrationFloor = double.NaN,
            TimeStep = 1,
            Scheme = (IntegrationScheme)7,
            LowestPotential = -1,
            HighestPotential = double.NaN,
        };

        var error = Assert.Throws<ArgumentException>(() => new MembraneModel(spec));

        Assert.Equal(
            ["Temperature", "ConcentrationFloor", "TimeStep", "Scheme", "LowestPotential", "HighestPotential"],
            spec.FindProblems().Select(problem => problem.Parameter));
        Assert.All(spec.FindProblems(), problem => Assert.Contains($"{problem}", error.Message, StringComparison.Ordinal));
    }

    // Halving the step divides the error at a fixed time by 2^order; the next term of the expansion bends the quotient a little.
    [Theory]
    [InlineData(IntegrationScheme.Euler, 2.0)]
    [InlineData(IntegrationScheme.RungeKutta4, 16.0)]
    public void Integrate_HalfTheStep_DividesTheErrorByTwoToTheOrder(IntegrationScheme scheme, double expectedQuotient)
    {
        const double Start = -0.07;
        const double TimeConstant = 0.05;
        const double Duration = 0.1;
        var exact = Start * Math.Exp(-Duration / TimeConstant);
        double Error(int stepCount)
        {
            double[] potentials = [Start];
            new MembraneModel(new MembraneSpec { Scheme = scheme, TimeStep = Duration / stepCount }).Integrate(
                potentials, (source, destination) => destination[0] = -source[0] / TimeConstant, stepCount);
            return Math.Abs(potentials[0] - exact);
        }

        foreach (var stepCount in new[] { 20, 40 })
        {
            Assert.InRange(Error(stepCount) / Error(2 * stepCount), 0.9 * expectedQuotient, 1.1 * expectedQuotient);
        }
    }

    [Fact]
    public void Integrate_CancelledBetweenSteps_LeavesTheCompletedOnes()
    {
        using var source = new CancellationTokenSource();
        double[] potentials = [0.0];
        var stepCount = 0;

        Assert.Throws<OperationCanceledException>(() => new MembraneModel(new MembraneSpec()).Integrate(
            potentials,
            (_, derivatives) =>
            {
                derivatives[0] = 100.0;
                if (++stepCount == 3)
                {
                    source.Cancel();
                }
            },
            stepCount: 10,
            cancellationToken: source.Token));

        Assert.Equal(3, stepCount);
        Assert.Equal(3 * 100.0 * 1e-4, potentials[0], 1e-15);
    }

    [Fact]
    public void Integrate_ImpossibleArguments_AreRefused()
    {
        var model = new MembraneModel(new MembraneSpec());
        PotentialDerivative derivative = (_, derivatives) => derivatives.Clear();

        Assert.Throws<ArgumentException>(() => model.Integrate([], derivative, 1));
        Assert.Throws<ArgumentException>(() => model.Integrate([double.NaN], derivative, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Integrate([0.0], derivative, -1));
        Assert.Throws<ArgumentNullException>(() => model.Integrate([0.0], null!, 1));
    }

    [Fact]
    public void Ranges_LimitsAndBeyond_ContainTheLimitsOnly()
    {
        var model = new MembraneModel(new MembraneSpec());

        Assert.True(model.IsWithinLimits([-0.150, 0.150]));
        Assert.False(model.IsWithinLimits([0.0, 0.1501]));
        Assert.False(model.IsWithinLimits([double.NaN]));
        Assert.True(MembraneModel.IsPhysiological([-0.095, 0.040]));
        Assert.False(MembraneModel.IsPhysiological([-0.0951]));
    }

    private static void AssertMetrics(JsonElement expected, MembraneMetrics actual, double relativeTolerance)
    {
        var statistics = new FieldStatistics(
            expected.GetProperty("potential_min_v").GetDouble(),
            expected.GetProperty("potential_max_v").GetDouble(),
            expected.GetProperty("potential_mean_v").GetDouble(),
            expected.GetProperty("potential_std_v").GetDouble());
        AssertClose(statistics.Minimum, actual.Potential.Minimum);
        AssertClose(statistics.Maximum, actual.Potential.Maximum);
        AssertClose(statistics.Mean, actual.Potential.Mean);
        AssertClose(statistics.StandardDeviation, actual.Potential.StandardDeviation);
        Assert.Equal(expected.GetProperty("steps_computed").GetInt32(), actual.StepCount);
        Assert.Equal(expected.GetProperty("clamping_events").GetInt64(), actual.ClampingEvents);
        Assert.False(expected.GetProperty("nan_detected").GetBoolean() || expected.GetProperty("inf_detected").GetBoolean());

        // The mean may cancel, so its error is relative to the extremes.
        void AssertClose(double expectedValue, double value) => Assert.Equal(
            expectedValue, value, relativeTolerance * Math.Max(Math.Abs(statistics.Minimum), Math.Abs(statistics.Maximum)));
    }

    private static PotentialDerivative Derivative(string name, JsonElement parameters)
    {
        double Parameter(string parameter) => parameters.GetProperty(parameter).GetDouble();
        Func<double, double> derivative = name switch
        {
            "leak" => v => (Parameter("E") - v) / Parameter("tau"),
            "cubic" => v => -Parameter("g") * (v - Parameter("e1")) * (v - Parameter("e2")) * (v - Parameter("e3")),
            "linear" => v => Parameter("k") * v,
            "nan" => _ => double.NaN,
            _ => throw new ArgumentException($"Unknown derivative {name}."),
        };
        return (potentials, derivatives) =>
        {
            for (var i = 0; i < potentials.Length; i++)
            {
                derivatives[i] = derivative(potentials[i]);
            }
        };
    }

    private static double[] OneOrMore(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? GoldenFile.Doubles(value) : [value.GetDouble()];

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? value.GetString() == "NaN" ? double.NaN : double.PositiveInfinity
        : value.GetDouble();
}
