using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Statistics;

namespace Mfn.Benchmarks;

/// <summary>The quick mode's measurements of what describes a field or a history of fields.</summary>
internal static class FeatureMeasurements
{
    /// <summary>The kernels and what measures them.</summary>
    public static (string Kernel, Action<TextWriter> Measure)[] All =>
    [
        ("features", MeasureFeatures),
        ("statistics", MeasureStatistics),
        ("box-count", MeasureBoxCount),
        ("ifs", MeasureIfs),
    ];

    /// <summary>From the history to the vector: an extractor is made, takes every frame and extracts once.</summary>
    private static void MeasureFeatures(TextWriter output)
    {
        foreach (var sample in FeatureSample.All)
        {
            var seconds = QuickMode.BestSeconds(15, () => FeatureVector.Of(sample.History, sample.Extent, sample.Extent));
            QuickMode.Write(output, $$"""
                {"kernel":"features","frames":{{sample.FrameCount}},"rows":{{sample.Extent}},"columns":{{sample.Extent}},"case":"{{sample.Case}}","seconds":{{seconds:G6}}}
                """);
        }
    }

    private static void MeasureStatistics(TextWriter output)
    {
        foreach (var extent in new[] { 64, 256, 1024 })
        {
            var field = FeatureSample.HalfActive(extent).History;
            var seconds = QuickMode.BestSeconds(15, () => FieldStatistics.Of(field));
            QuickMode.Write(output, $$"""
                {"kernel":"statistics","rows":{{extent}},"columns":{{extent}},"seconds":{{seconds:G6}}}
                """);
        }
    }

    /// <summary>From the potentials: the threshold is part of it.</summary>
    private static void MeasureBoxCount(TextWriter output)
    {
        foreach (var extent in new[] { 64, 512 })
        {
            var field = FeatureSample.HalfActive(extent).History;
            var meshes = FeatureOptions.Default.BoxMeshesFor(extent, extent);
            var seconds = QuickMode.BestSeconds(15, () => BoxCountingDimension.MeasureAbove(-0.06, field, extent, extent, meshes));
            QuickMode.Write(output, $$"""
                {"kernel":"box-count","rows":{{extent}},"columns":{{extent}},"seconds":{{seconds:G6}}}
                """);
        }
    }

    private static void MeasureIfs(TextWriter output)
    {
        foreach (var points in new[] { 10_000, 100_000 })
        {
            var spec = new IfsSpec { PointCount = points };
            var seconds = QuickMode.BestSeconds(15, () => IfsOrbit.Generate(spec));
            QuickMode.Write(output, $$"""
                {"kernel":"ifs","n":{{points}},"seconds":{{seconds:G6}}}
                """);
        }
    }
}
