using System.Collections.Immutable;
using Mfn.Core.Kinetics;
using Mfn.Core.Stability;

namespace Mfn.Core.Tests.Stability;

public sealed class UniformSteadyStatesTests
{
    // Rounded where they were published, by up to one unit of the last digit.
    public static TheoryData<string, string, double, double> Published => new()
    {
        { "schnakenberg", "a=0.1,b=0.9,d=40", 14.9407, 0.411011 },
        { "schnakenberg", "a=0.05,b=1.4,d=20", 10.8023, 0.142157 },
        { "brusselator", "A=4.5,B=7.5,Du=2,Dv=16", 6.6591, 0.362329 },
        { "brusselator", "A=3,B=9,Du=5,Dv=12", 10.0205, 0.224657 },
        { "gierer-meinhardt", "b=0.5,d=20", 15.3204, 0.108196 },
        { "gierer-meinhardt", "b=0.35,d=30", 18.3898, 0.080512 },
        { "swift-hohenberg", "r=0.3,g=0", 6.2832, 0.3 },
    };

    /// <summary>Every model, with parameters all over: of the cubic, the general one and those without their highest terms.</summary>
    public static TheoryData<string, int> RandomModels
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var model in KineticsModel.All)
            {
                for (var seed = 0; seed < 12; seed++)
                {
                    data.Add(model.Name, seed);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Published))]
    public void Of_PublishedSets_HaveThePublishedWavelengthAndGrowth(string model, string parameters, double wavelength, double growth)
    {
        var states = UniformSteadyStates.Of(Spec(model, parameters)).States;
        var state = Assert.Single(states, state => state.Verdict == StabilityVerdict.Turing);

        Assert.Equal(wavelength, state.FastestWavelength!.Value, 1e-4);
        Assert.Equal(growth, state.FastestGrowthRate, 1e-6);
    }

    [Theory, MemberData(nameof(Published))]
    public void FastestAndBand_PublishedSets_AreThoseOfASlowScan(string model, string parameters, double wavelength, double growth)
    {
        var kinetics = Spec(model, parameters);
        var state = UniformSteadyStates.Of(kinetics).States.Single(state => state.Verdict == StabilityVerdict.Turing);
        var grows = Enumerable.Range(0, 400_000).Select(i => i * 1e-5).Where(k => NaiveGrowth(kinetics, state.Values, k * k) > 0).ToArray();

        Assert.Equal(grows[0], state.Band!.Value.Low, 2e-5);
        Assert.Equal(grows[^1], state.Band!.Value.High, 2e-5);
        Assert.Equal(2 * Math.PI / wavelength, grows.MaxBy(k => NaiveGrowth(kinetics, state.Values, k * k)), 2e-5);
        Assert.Equal(growth, grows.Max(k => NaiveGrowth(kinetics, state.Values, k * k)), 5e-7);
    }

    [Theory, MemberData(nameof(RandomModels))]
    public void Of_RandomParameters_FindsWhatASlowScanFinds(string model, int seed)
    {
        var kinetics = RandomSpec(KineticsModel.Find(model)!, new Random(seed));
        var found = UniformSteadyStates.Of(kinetics).States.Select(state => state.Values).ToArray();

        Assert.All(found, values => Assert.All(Rates(kinetics, values), rate => Assert.Equal(0, rate, 1e-9 * Size(kinetics, values))));
        Assert.Equal(found.OrderBy(values => values[0]).ThenBy(values => values[^1]), found);
        Assert.All(NaiveStates(kinetics), scanned =>
            Assert.Single(found, values => values.Zip(scanned, (a, b) => Math.Abs(a - b)).Max() < 1e-6 * (1 + scanned.Max(value => Math.Abs(value)))));
    }

    [Fact]
    public void Of_CubicWithNineStates_FindsAll()
    {
        // u³ − u and v³ − v: the nine points of {−1, 0, 1}².
        var states = UniformSteadyStates.Of(Spec("cubic", "f10=-1,f30=1,g01=-1,g03=1")).States;

        Assert.Equal(
            from u in new[] { -1.0, 0, 1 } from v in new[] { -1.0, 0, 1 } select (u, v),
            states.Select(state => (state.Values[0], state.Values[1])));
    }

    [Fact]
    public void Of_CubicThatIsSchnakenberg_HasItsStateAndWavelength()
    {
        var state = Assert.Single(UniformSteadyStates.Of(Spec("cubic", "f00=0.1,f10=-1,f21=1,g00=0.9,g21=-1,Du=1,Dv=40")).States);

        Assert.Equal(1, state.Values[0], 1e-15);
        Assert.Equal(0.9, state.Values[1], 1e-15);
        Assert.Equal(14.9407, state.FastestWavelength!.Value, 1e-4);
    }

    [Theory]
    [InlineData(0.0625, 0.0625, 2)]
    [InlineData(0.04, 0.06, 2)]
    [InlineData(0.04, 0.0600001, 1)]
    [InlineData(0.04, 0.0599999, 3)]
    public void Of_GrayScottAtItsSaddleNode_HasTheDoubleStateOnce(double feed, double kill, int count)
    {
        var states = UniformSteadyStates.Of(new KineticsSpec(KineticsModel.Find("gray-scott")!, [feed, kill, 0.16, 0.08]));

        Assert.Equal(count, states.States.Length);
        Assert.Equal(count == 2, states.States.Any(state => state.IsDegenerate));
        Assert.Equal(StabilityVerdict.Stable, states.States[^1].Verdict);
    }

    [Theory]
    [InlineData("brusselator", "A=1,B=3,Du=1,Dv=0.1", StabilityVerdict.Hopf)]
    [InlineData("brusselator", "A=1,B=2,Du=1,Dv=1", StabilityVerdict.Hopf)]
    [InlineData("brusselator", "A=1,B=1.9,Du=1,Dv=1", StabilityVerdict.Stable)]
    [InlineData("brusselator", "A=1,B=9,Du=1,Dv=1", StabilityVerdict.Unstable)]
    [InlineData("brusselator", "A=4.5,B=6.6,Du=2,Dv=16", StabilityVerdict.Stable)]
    [InlineData("brusselator", "A=4.5,B=6.8,Du=2,Dv=16", StabilityVerdict.Turing)]
    [InlineData("swift-hohenberg", "r=-0.1", StabilityVerdict.Stable)]
    public void Verdict_OnEachSideOfTheKnownThresholds_IsThatOfTheLiterature(string model, string parameters, StabilityVerdict verdict) =>
        Assert.Equal(verdict, Assert.Single(UniformSteadyStates.Of(Spec(model, parameters)).States).Verdict);

    [Fact]
    public void Period_OnTheOnsetOfTheBrusselator_IsThatOfA()
    {
        // B = 1 + A²: trace 0, determinant A².
        var state = Assert.Single(UniformSteadyStates.Of(Spec("brusselator", "A=2,B=5,Du=1,Dv=1")).States);

        Assert.Equal(2 * Math.PI / 2, state.Period!.Value, 1e-12);
        Assert.Equal(0, state.UniformGrowthRate, 1e-12);
    }

    [Theory]
    [InlineData("gray-scott", "F=0", "a line")]
    [InlineData("fitzhugh-nagumo", "b=0", "a curve")]
    [InlineData("fitzhugh-nagumo", "c1=0,c2=0,I=0", "a line")]
    [InlineData("schnakenberg", "a=0,b=0", "a line")]
    [InlineData("schnakenberg", "a=-1,b=1", "no uniform steady state")]
    [InlineData("brusselator", "A=0", "a line")]
    [InlineData("gierer-meinhardt", "b=0", "no uniform steady state")]
    [InlineData("barkley", "a=1,b=0", "a line")]
    [InlineData("cubic", "f00=1e40,f10=1e-30,g03=1", "60 orders of magnitude")]
    [InlineData("cubic", "f00=1", "no single points")]
    [InlineData("cubic", "f10=1,f01=1,g20=1,g11=1", "no single points")]
    [InlineData("cubic", "f00=1,f20=1,g01=1", "no uniform steady state")]
    public void Of_NoneOrTooMany_SaysWhy(string model, string parameters, string reason)
    {
        var states = UniformSteadyStates.Of(Spec(model, parameters));

        Assert.Empty(states.States);
        Assert.Contains(reason, states.Remark, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ParameterOutOfRange_IsRefused() =>
        Assert.Contains("feed_rate must be between 0 and 1", Assert.Throws<ArgumentException>(() => UniformSteadyStates.Of(Spec("gray-scott", "F=2"))).Message, StringComparison.Ordinal);

    [Fact]
    public void FastestWavenumber_ActivatorThatDoesNotDiffuse_IsInfinite()
    {
        var state = Assert.Single(UniformSteadyStates.Of(Spec("brusselator", "A=4.5,B=7.5,Du=0,Dv=16")).States);

        Assert.Equal(double.PositiveInfinity, state.FastestWavenumber);
        Assert.Null(state.FastestWavelength);
        Assert.Equal(6.5, state.FastestGrowthRate, 1e-12);
        Assert.Equal(double.PositiveInfinity, state.Band!.Value.High);
        Assert.Equal(StabilityVerdict.Turing, state.Verdict);
    }

    private static KineticsSpec Spec(string model, string parameters) => parameters.Split(',').Select(parameter => parameter.Split('=')).Aggregate(
        new KineticsSpec(KineticsModel.Find(model)!),
        (spec, pair) => spec.With(pair[0], double.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture)));

    private static KineticsSpec RandomSpec(KineticsModel model, Random random)
    {
        var isSparse = random.Next(2) == 0;
        return new KineticsSpec(model, [.. model.Parameters.Select(parameter => model switch
        {
            CubicPolynomial when parameter.Symbol[0] == 'D' => 1,
            CubicPolynomial => isSparse && random.Next(2) == 0 ? 0 : Math.Round((2 * random.NextDouble()) - 1, 3),
            GrayScott => parameter.Default * (0.5 + (0.6 * random.NextDouble())),
            SwiftHohenberg => (2 * random.NextDouble()) - 0.5,
            _ => parameter.Default * (0.5 + random.NextDouble()),
        })]);
    }

    /// <summary>Newton's method from every point of a lattice of ±4: what is steady within ±3 is among its ends.</summary>
    private static List<double[]> NaiveStates(KineticsSpec kinetics)
    {
        var states = new List<double[]>();
        var starts = Enumerable.Range(-40, 81).Select(i => (i * 0.1) + 0.013).ToArray();
        foreach (var start in kinetics.SpeciesCount == 1 ? starts.Select(u => new[] { u }) : from u in starts from v in starts select new[] { u, v })
        {
            var state = start;
            for (var step = 0; step < 60 && state.All(double.IsFinite); step++)
            {
                var jacobian = new double[state.Length * state.Length];
                kinetics.Model.Jacobian(kinetics.Values.AsSpan(), state, jacobian);
                var rates = Rates(kinetics, [.. state]);
                state = state.Length == 1
                    ? [state[0] - (rates[0] / (jacobian[0] + kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), 0, 0)))]
                    :
                    [
                        state[0] - (((jacobian[3] * rates[0]) - (jacobian[1] * rates[1])) / ((jacobian[0] * jacobian[3]) - (jacobian[1] * jacobian[2]))),
                        state[1] - (((jacobian[0] * rates[1]) - (jacobian[2] * rates[0])) / ((jacobian[0] * jacobian[3]) - (jacobian[1] * jacobian[2]))),
                    ];
            }

            if (state.All(value => Math.Abs(value) < 3) && Rates(kinetics, [.. state]).All(rate => Math.Abs(rate) < 1e-12)
                && !states.Any(known => known.Zip(state, (a, b) => Math.Abs(a - b)).Max() < 1e-6))
            {
                states.Add(state);
            }
        }

        return states;
    }

    private static double[] Rates(KineticsSpec kinetics, ImmutableArray<double> state)
    {
        var rates = new double[state.Length];
        kinetics.Model.Rates(kinetics.Values.AsSpan(), state.AsSpan(), rates);
        return [.. rates.Select((rate, i) => rate + (kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), i, 0) * state[i]))];
    }

    private static double Size(KineticsSpec kinetics, ImmutableArray<double> state) =>
        (1 + kinetics.Values.Max(value => Math.Abs(value))) * Math.Pow(1 + state.Max(value => Math.Abs(value)), 3);

    private static double NaiveGrowth(KineticsSpec kinetics, ImmutableArray<double> state, double q)
    {
        var jacobian = new double[state.Length * state.Length];
        kinetics.Model.Jacobian(kinetics.Values.AsSpan(), state.AsSpan(), jacobian);
        var first = jacobian[0] + kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), 0, q);
        if (state.Length == 1)
        {
            return first;
        }

        var second = jacobian[3] + kinetics.Model.SpatialGrowth(kinetics.Values.AsSpan(), 1, q);
        var root = System.Numerics.Complex.Sqrt(((first - second) * (first - second)) + (4 * jacobian[1] * jacobian[2]));
        return (first + second + root.Real) / 2;
    }
}
