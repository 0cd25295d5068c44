using Mfn.Core.Gallery;

namespace Mfn.Core.Tests.Gallery;

/// <summary>
/// Each preset shows what theory or its published class says. Two of them that take little, unless GALLERY_PRESETS is "all".
/// </summary>
public sealed class PresetTests
{
    public static TheoryData<string> Names => [.. Environment.GetEnvironmentVariable("GALLERY_PRESETS") == "all"
        ? PresetGallery.All.Select(preset => preset.Name)
        : ["brusselator-A1-B3-Du1-Dv0.1", "barkley-a0.75-b0.01-eps0.02"]];

    [Theory, MemberData(nameof(Names))]
    public void Simulate_Preset_ShowsWhatIsExpected(string name)
    {
        var preset = PresetGallery.Find(name)!;

        var measured = PresetMeasurement.Of(preset, TestContext.Current.CancellationToken);

        Assert.All(preset.Expectations, expectation => Assert.True(
            measured[expectation.Measure] >= expectation.Low && measured[expectation.Measure] <= expectation.High,
            $"{expectation.Measure} is {measured[expectation.Measure]}, not from {expectation.Low} to {expectation.High} ({expectation.Basis})."));
    }
}
