using Mfn.Core.Features;

namespace Mfn.Core.Tests.Features;

public sealed class FeatureOptionsTests
{
    [Fact]
    public void FindProblems_EverythingWrong_NamesEverything()
    {
        var options = new FeatureOptions
        {
            Version = (DefinitionVersion)7,
            MinBoxSize = 0,
            MaxBoxSize = -1,
            ScaleCount = 21,
            LowThresholdMillivolts = -101,
            MediumThresholdMillivolts = -102,
            HighThresholdMillivolts = double.NaN,
            StabilityThresholdMillivolts = -0.5,
            StabilityWindow = 0,
            Connectivity = (Connectivity)6,
            AllowsNonFinite = true,
        };

        var error = Assert.Throws<ArgumentException>(() => new FeatureExtractor(8, 8, options));

        Assert.Equal(
            [
                "Version must be a known version, but was 7.",
                "MinBoxSize must be between 1 and 2147483647, but was 0.",
                "MaxBoxSize must be at least MinBoxSize (0), but was -1.",
                "ScaleCount must be between 2 and 20, but was 21.",
                "LowThresholdMillivolts must be between -100 and 50, but was -101.",
                "MediumThresholdMillivolts must be between -100 and 50, but was -102.",
                "HighThresholdMillivolts must be between -100 and 50, but was NaN.",
                "MediumThresholdMillivolts must be above LowThresholdMillivolts (-101), but was -102.",
                "StabilityThresholdMillivolts must be finite and not negative, but was -0.5.",
                "StabilityWindow must be between 1 and 2147483647, but was 0.",
                "Connectivity must be 4 or 8, but was 6.",
                "AllowsNonFinite must be false unless Version is V41, but was true.",
            ],
            options.FindProblems().Select(problem => problem.ToString()));
        Assert.All(options.FindProblems(), problem => Assert.Contains(problem.ToString(), error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void FindProblems_DefaultsOfBothVersions_AreFine()
    {
        Assert.Empty(FeatureOptions.Default.FindProblems());
        Assert.Empty(new FeatureOptions { Version = DefinitionVersion.V50 }.FindProblems());
    }

    [Fact]
    public void FindProblems_EqualThresholds_AreRefused()
    {
        var options = new FeatureOptions { MediumThresholdMillivolts = -40 };

        Assert.Equal("HighThresholdMillivolts must be above MediumThresholdMillivolts (-40), but was -40.", Assert.Single(options.FindProblems()).ToString());
    }
}
