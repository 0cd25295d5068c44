using System.Globalization;
using Mfn.Core.Gallery;
using Mfn.Core.Stability;

namespace Mfn.Core.Tests.Gallery;

public sealed class PresetGalleryTests
{
    public static TheoryData<string> Names => [.. PresetGallery.All.Select(preset => preset.Name)];

    [Fact]
    public void All_AreTwentyFiveOfDifferentNames()
    {
        Assert.Equal(25, PresetGallery.All.Length);
        Assert.Equal(25, PresetGallery.All.Select(preset => preset.Name).Distinct().Count());
        Assert.Null(PresetGallery.Find("pearson-alpha"));
    }

    [Theory, MemberData(nameof(Names))]
    public void Find_AnyPreset_IsNamedByItsNumbersAndCanBeSimulated(string name)
    {
        var preset = PresetGallery.Find(name)!;
        var kinetics = preset.Pattern.Kinetics;

        Assert.StartsWith(kinetics.Model.Name + "-", name, StringComparison.Ordinal);
        foreach (var part in name[(kinetics.Model.Name.Length + 1)..].Split('-'))
        {
            Assert.Contains(kinetics.Model.Parameters, parameter => part.StartsWith(parameter.Symbol, StringComparison.Ordinal)
                && kinetics.Equals(kinetics.With(parameter.Symbol, double.Parse(part[parameter.Symbol.Length..], CultureInfo.InvariantCulture))));
        }

        Assert.Empty(preset.Spec.FindProblems());
        Assert.NotEmpty(preset.Expectations);
        Assert.All(preset.Expectations, expectation => Assert.True(expectation.Low <= expectation.High && expectation.Basis.Length > 0));
        Assert.Equal(preset.Expectations.Length, preset.Expectations.Select(expectation => expectation.Measure).Distinct().Count());
    }

    /// <summary>The ranges of wavelengths are about the fastest one, for Swift-Hohenberg about 2π.</summary>
    [Fact]
    public void Expectations_WavelengthsOfTheory_AreThoseOfTheDispersionRelation()
    {
        var judged = PresetGallery.All.Where(preset => preset.Expectations.Any(expectation => expectation.Measure == PresetMeasure.PeakWavelength)).ToList();

        Assert.Equal(8, judged.Count);
        Assert.All(judged, preset =>
        {
            var expectation = preset.Expectations.Single(expectation => expectation.Measure == PresetMeasure.PeakWavelength);
            var fastest = UniformSteadyStates.Of(preset.Pattern.Kinetics).LeastStable!.FastestWavelength!.Value;
            Assert.Equal(fastest, (expectation.Low + expectation.High) / 2, 1e-4 * fastest);
        });
    }

    /// <summary>The limit cycle of the kinetics alone, by the classical method of Runge and Kutta.</summary>
    [Fact]
    public void Expectations_PeriodOfTheOscillator_IsAboutThatOfItsKinetics()
    {
        var preset = PresetGallery.Find("brusselator-A1-B3-Du1-Dv0.1")!;
        var kinetics = preset.Pattern.Kinetics;
        const double Step = 0.001;
        double[] state = [1, 1];
        var crossings = new List<double>();
        for (var step = 0; step < 60_000; step++)
        {
            var before = state[0];
            var k1 = Rates(state);
            var k2 = Rates(Moved(k1, Step / 2));
            var k3 = Rates(Moved(k2, Step / 2));
            var k4 = Rates(Moved(k3, Step));
            state = [.. state.Select((value, i) => value + (Step / 6 * (k1[i] + (2 * k2[i]) + (2 * k3[i]) + k4[i])))];
            if (step > 30_000 && before < 2 && state[0] >= 2)
            {
                crossings.Add(Step * (step + ((2 - before) / (state[0] - before))));
            }
        }

        var period = (crossings[^1] - crossings[0]) / (crossings.Count - 1);
        var expectation = preset.Expectations.Single();
        Assert.Equal(period, (expectation.Low + expectation.High) / 2, 0.005 * period);
        Assert.Equal(0.03, (expectation.High - expectation.Low) / 2 / period, 0.002);

        double[] Rates(double[] at)
        {
            var rates = new double[2];
            kinetics.Model.Rates(kinetics.Values.AsSpan(), at, rates);
            return rates;
        }

        double[] Moved(double[] rates, double by) => [state[0] + (by * rates[0]), state[1] + (by * rates[1])];
    }
}
