using Mfn.Core.Features;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Features;

public sealed class FeatureVectorTests
{
    [Fact]
    public void Properties_InOrder_AreTheValues()
    {
        var vector = new FeatureVector(DefinitionVersion.V41, [.. Enumerable.Range(100, 18).Select(value => (double)value)], UndefinedFeatures.None);

        Assert.Equal(
            vector.Values.AsEnumerable(),
            [
                vector.BoxDimension, vector.BoxFitRSquared, vector.MinPotential, vector.MaxPotential, vector.MeanPotential,
                vector.PotentialStandardDeviation, vector.PotentialSkewness, vector.PotentialExcessKurtosis, vector.MeanChange,
                vector.MaxChange, vector.StabilityFrame, vector.EnergyTrend, vector.ActiveShare, vector.LowClusterCount,
                vector.MediumClusterCount, vector.HighClusterCount, vector.MaxClusterSize, vector.ClusterSizeStandardDeviation,
            ]);
        Assert.Equal(vector.Values.AsEnumerable(), Enumerable.Range(0, FeatureDefinition.Count).Select(index => vector[index]));
        Assert.Equal(vector.Values.AsEnumerable(), FeatureDefinition.All.Select(definition => vector[definition.Name]));
        Assert.Throws<ArgumentOutOfRangeException>(() => vector[18]);
        Assert.Throws<ArgumentOutOfRangeException>(() => vector[-1]);
        Assert.Throws<ArgumentException>(() => vector["d_box"]);
    }

    [Fact]
    public void Definitions_AreNumberedAndComplete()
    {
        Assert.Equal(FeatureDefinition.Count, FeatureDefinition.All.Length);
        Assert.Equal(Enumerable.Range(0, FeatureDefinition.Count), FeatureDefinition.All.Select(definition => definition.Index));
        Assert.All(FeatureDefinition.All, definition => Assert.True(definition.Unit.Length > 0 && definition.Meaning.EndsWith('.')));
    }

    [Fact]
    public void Label_EveryVersion_IsItsNumber()
    {
        Assert.Equal(["4.1", "5.0"], Enum.GetValues<DefinitionVersion>().Select(FeatureDefinition.Label));
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureDefinition.Label((DefinitionVersion)2));
    }

    [Fact]
    public void Definitions_OrdinaryHistory_IsWithinTheirRangesAndWhole()
    {
        var random = new RandomGenerator(3);
        var history = Enumerable.Range(0, 15 * 400).Select(_ => Math.Clamp(random.Normal(-0.06, 0.015), -0.095, 0.04)).ToArray();

        foreach (var version in Enum.GetValues<DefinitionVersion>())
        {
            var vector = FeatureVector.Of(history, 20, 20, new FeatureOptions { Version = version });
            Assert.All(FeatureDefinition.All, definition => Assert.True(definition.ExpectedRange.Contains(vector[definition.Index]), definition.Name));
            Assert.All(FeatureDefinition.All.Where(definition => definition.IsInteger), definition => Assert.True(double.IsInteger(vector[definition.Index])));
        }
    }

    [Fact]
    public void FindWarnings_EveryRangeLeft_IsReportedInTheReferencesOrder()
    {
        var values = new double[FeatureDefinition.Count];
        (values[0], values[1], values[2], values[3], values[12], values[6], values[11]) = (2.6, -0.25, -100.04, 51.5, 1.5, double.NaN, double.NegativeInfinity);

        Assert.Equal(
            [
                "D_box=2.600 outside [0.0, 2.5]",
                "D_r2=-0.250 outside [0.0, 1.0]",
                "V range [-100.0, 51.5] mV exceeds physiological bounds [-100, 50]",
                "f_active=1.500 outside [0.0, 1.0]",
                "NaN detected in features",
                "Inf detected in features",
            ],
            FeaturePlausibility.FindWarnings(new FeatureVector(DefinitionVersion.V41, [.. values], UndefinedFeatures.None)));
    }

    [Fact]
    public void FindWarnings_AtTheBounds_AreNone()
    {
        var values = new double[FeatureDefinition.Count];
        (values[0], values[1], values[2], values[3], values[12]) = (2.5, 1, -100, 50, 1);

        Assert.Empty(FeaturePlausibility.FindWarnings(new FeatureVector(DefinitionVersion.V41, [.. values], UndefinedFeatures.None)));
    }
}
