using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Plasticity;
using Mfn.Core.Tests.Networks;

namespace Mfn.Core.Tests.Plasticity;

public sealed class StdpRuleTests
{
    private const string GoldenCases = "stdp.json";

    // An ulp of a float exponential, and the order in which a batch is summed.
    private const double RelativeTolerance = 5e-5;
    private const double AbsoluteTolerance = 1e-9;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenCases);

    public static TheoryData<int> ConfigCases =>
        [.. Enumerable.Range(0, GoldenFile.Open(GoldenCases).GetProperty("config_cases").GetArrayLength())];

    [Theory, MemberData(nameof(Cases))]
    public void ComputeWeightChanges_ReferenceCase_Agrees(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, id);
        var rule = new StdpRule(Spec(inputs));
        var batchSize = inputs.GetProperty("pre").GetArrayLength();
        var expected = GoldenSingles.Flatten(outputs.GetProperty("delta_w"));

        if (inputs.GetProperty("dtype").GetString() == "float64")
        {
            var changes = new double[expected.Length];
            rule.ComputeWeightChanges(Times("pre"), Times("post"), batchSize, changes);
            var recorded = outputs.GetProperty("delta_w").EnumerateArray().SelectMany(GoldenFile.Doubles).ToArray();
            Assert.All(
                recorded.Zip(changes),
                pair => Assert.Equal(pair.First, pair.Second, 1e-12 * Math.Abs(pair.First)));
            return;
        }

        var singleChanges = new float[expected.Length];
        rule.ComputeWeightChanges(
            GoldenSingles.Flatten(inputs.GetProperty("pre")), GoldenSingles.Flatten(inputs.GetProperty("post")), batchSize, singleChanges);
        GoldenSingles.AssertClose(expected, singleChanges, RelativeTolerance, AbsoluteTolerance);

        double[] Times(string side) => [.. inputs.GetProperty(side).EnumerateArray().SelectMany(GoldenFile.Doubles)];
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void FindProblems_ReferenceCase_FindsTheSame(int index)
    {
        var item = GoldenFile.Open(GoldenCases).GetProperty("config_cases")[index];
        var spec = Spec(item.GetProperty("inputs"));

        Assert.Equal(item.GetProperty("outputs").GetProperty("ok").GetBoolean(), spec.FindProblems().Count == 0);
        if (spec.FindProblems().Count > 0)
        {
            Assert.Throws<ArgumentException>(() => new StdpRule(spec));
        }
    }

    [Fact]
    public void Constructor_SpecWithProblems_NamesThemAll()
    {
        var spec = new StdpSpec
        {
            PotentiationTimeConstant = 0.2,
            DepressionTimeConstant = double.NaN,
            PotentiationAmplitude = 0,
            DepressionAmplitude = -0.01,
        };

        var error = Assert.Throws<ArgumentException>(() => new StdpRule(spec));

        Assert.Equal(4, spec.FindProblems().Count);
        Assert.All(spec.FindProblems(), problem => Assert.Contains($"{problem}", error.Message, StringComparison.Ordinal));
        Assert.Contains("PotentiationTimeConstant must be between 0.005 and 0.1, but was 0.2.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ComputeWeightChanges_AnyPair_HasTheSignOfTheOrderAndFadesWithTime() =>
        Prop.ForAll(
            Gen.Choose(-100_000, 100_000).Two().ToArbitrary(),
            times =>
            {
                var (pre, post) = times;
                var near = Change(pre * 1e-6, post * 1e-6);
                var far = Change(pre * 2e-6, post * 2e-6);
                return Math.Sign(near) == Math.Sign(post - pre) && (pre == post || Math.Abs(far) < Math.Abs(near));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    // A+ e^-1 after one time constant, and -A- e^-1 before.
    [Fact]
    public void ComputeWeightChanges_OneTimeConstantApart_IsTheFormula()
    {
        Assert.Equal(0.01 / Math.E, Change(0.0, 0.020), 1e-17);
        Assert.Equal(-0.012 / Math.E, Change(0.020, 0.0), 1e-17);
    }

    [Fact]
    public void ComputeWeightChanges_InfinitelyFarApart_IsNotQuiteNothing() =>
        Assert.Equal(0.01 * Math.Exp(-50), Change(0.0, double.PositiveInfinity), 1e-36);

    [Fact]
    public void ComputeWeightChanges_Batch_IsTheMeanOfItsSamples()
    {
        double[] pre = [0.01, 0.02, 0.05, 0.04];
        double[] post = [0.03, 0.01];
        var changes = new double[2];

        new StdpRule(new StdpSpec()).ComputeWeightChanges(pre, post, batchSize: 2, changes);

        Assert.Equal([(Change(0.01, 0.03) + Change(0.05, 0.01)) / 2, (Change(0.02, 0.03) + Change(0.04, 0.01)) / 2], changes);
    }

    [Fact]
    public void ComputeWeightChanges_SpansThatDoNotFit_AreRefused()
    {
        var rule = new StdpRule(new StdpSpec());

        Assert.Throws<ArgumentException>(() => rule.ComputeWeightChanges([0.1, 0.2, 0.3], [0.1, 0.2], 2, new double[1]));
        Assert.Throws<ArgumentException>(() => rule.ComputeWeightChanges([0.1, 0.2], [0.1], 1, new double[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rule.ComputeWeightChanges([0.1f], [0.1f], 0, new float[1]));
    }

    private static double Change(double presynapticTime, double postsynapticTime)
    {
        Span<double> change = stackalloc double[1];
        new StdpRule(new StdpSpec()).ComputeWeightChanges([presynapticTime], [postsynapticTime], batchSize: 1, change);
        return change[0];
    }

    private static StdpSpec Spec(JsonElement inputs)
    {
        var spec = new StdpSpec();
        return new StdpSpec
        {
            PotentiationTimeConstant = Number("tau_plus", spec.PotentiationTimeConstant),
            DepressionTimeConstant = Number("tau_minus", spec.DepressionTimeConstant),
            PotentiationAmplitude = Number("a_plus", spec.PotentiationAmplitude),
            DepressionAmplitude = Number("a_minus", spec.DepressionAmplitude),
        };

        double Number(string name, double missing) =>
            !inputs.TryGetProperty(name, out var value) ? missing
            : value.ValueKind == JsonValueKind.String ? double.NaN
            : value.GetDouble();
    }
}
