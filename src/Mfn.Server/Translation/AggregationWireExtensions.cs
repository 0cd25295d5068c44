using System.Buffers.Binary;
using System.Collections.Immutable;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Specs;
using Mfn.Server.Aggregation;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Makes plans of what callers ask for. What is wrong with it is added to the problems, by wire name.</summary>
internal static class AggregationWireExtensions
{
    private const int MostPreAggregations = 4;

    private static readonly ParameterRange AboveZero = new(double.Epsilon, double.MaxValue);
    private static readonly ParameterRange FromOne = new(1, int.MaxValue);
    private static readonly ParameterRange StepCounts = new(1, 10_000);

    /// <summary>The plan, or null if there is something wrong with it.</summary>
    public static AggregationPlan? ToPlan(this Wire.AggregationSpec? wire, LimitsOptions limits, RequestProblems problems)
    {
        if (wire is null)
        {
            problems.Add("spec", "must be set");
            return null;
        }

        var policy = new AdmissionPolicy
        {
            Length = wire.Length,
            NormCap = wire.Admission is { HasNormCap: true } ? wire.Admission.NormCap : null,
            MaximumWeight = wire.Admission is { HasMaxWeight: true } ? wire.Admission.MaxWeight : null,
        };
        foreach (var problem in policy.FindProblems())
        {
            problems.Add(PolicyName(problem.Parameter), problem.Description);
        }

        if (!wire.HasByzantineCount)
        {
            problems.Add("spec.byzantine_count", "must be set");
        }

        problems.Check("spec.byzantine_count", wire.ByzantineCount, new ParameterRange(0, int.MaxValue));
        var componentSize = ToComponentSize(wire.Encoding, problems);
        var rule = ToRule(wire, limits.AggregationThreads, problems);
        var preAggregations = ToPreAggregations(wire, limits.AggregationThreads, problems);
        return problems.IsEmpty
            ? new AggregationPlan
            {
                Rule = rule!,
                PreAggregations = preAggregations,
                Policy = policy,
                ByzantineCount = wire.ByzantineCount,
                ComponentSize = componentSize,
            }
            : null;
    }

    private static string PolicyName(string parameter) => parameter switch
    {
        nameof(AdmissionPolicy.Length) => "spec.length",
        nameof(AdmissionPolicy.NormCap) => "spec.admission.norm_cap",
        nameof(AdmissionPolicy.MaximumWeight) => "spec.admission.max_weight",
        _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "The parameter has no wire name."),
    };

    private static int ToComponentSize(Wire.VectorEncoding wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.VectorEncoding.Unspecified or Wire.VectorEncoding.Float32:
                return sizeof(float);
            case Wire.VectorEncoding.Float64:
                return sizeof(double);
            default:
                problems.Add("spec.encoding", $"must be VECTOR_ENCODING_FLOAT32 or VECTOR_ENCODING_FLOAT64, but was {(int)wire}");
                return sizeof(float);
        }
    }

    private static PlannedRule? ToRule(Wire.AggregationSpec spec, int threadCount, RequestProblems problems)
    {
        var distances = WorkingMemory.Distances(threadCount);
        var wire = spec.Rule;
        switch (wire?.KindCase)
        {
            case Wire.AggregationRule.KindOneofCase.Krum:
                var variant = ToVariant(wire.Krum.Variant, "spec.rule.krum", problems);
                return new PlannedRule(new Krum(variant), "krum", Name(variant), distances);
            case Wire.AggregationRule.KindOneofCase.MultiKrum:
                return ToRule(wire.MultiKrum, distances, problems);
            case Wire.AggregationRule.KindOneofCase.HierarchicalKrum:
                return ToRule(wire.HierarchicalKrum, threadCount, problems);
            case Wire.AggregationRule.KindOneofCase.Bulyan:
                return new PlannedRule(new Bulyan(), "bulyan", "", WorkingMemory.Neighbors(threadCount));
            case Wire.AggregationRule.KindOneofCase.Median:
                return new PlannedRule(new CoordinateWiseMedian(), "median", "", WorkingMemory.None);
            case Wire.AggregationRule.KindOneofCase.TrimmedMean:
                return new PlannedRule(new TrimmedMean(), "trimmed-mean", "", WorkingMemory.None);
            case Wire.AggregationRule.KindOneofCase.Meamed:
                return new PlannedRule(new Meamed(), "meamed", "", WorkingMemory.None);
            case Wire.AggregationRule.KindOneofCase.GeometricMedian:
                return ToRule(wire.GeometricMedian, problems);
            case Wire.AggregationRule.KindOneofCase.CenteredClipping:
                return ToRule(wire.CenteredClipping, spec.Length, problems);
            case Wire.AggregationRule.KindOneofCase.MinimumDiameterAveraging:
                return new PlannedRule(new MinimumDiameterAveraging(), "mda", "", WorkingMemory.DistanceSet(threadCount));
            case Wire.AggregationRule.KindOneofCase.Mean:
                return new PlannedRule(new Mean(), "mean", "", WorkingMemory.None);
            default:
                problems.Add("spec.rule", "must be set to one of its kinds");
                return null;
        }
    }

    private static PlannedRule? ToRule(Wire.MultiKrumRule wire, Func<double, double> distances, RequestProblems problems)
    {
        var variant = ToVariant(wire.Variant, "spec.rule.multi_krum", problems);
        int? keptCount = wire.HasKeptCount ? wire.KeptCount : null;
        return problems.Check("spec.rule.multi_krum.kept_count", keptCount ?? 1, FromOne)
            ? new PlannedRule(new MultiKrum(keptCount, variant), "multi-krum", Name(variant), distances)
            : null;
    }

    private static PlannedRule? ToRule(Wire.HierarchicalKrumRule wire, int threadCount, RequestProblems problems)
    {
        const string Path = "spec.rule.hierarchical_krum";
        var spec = new HierarchicalKrumSpec();
        spec = spec with
        {
            Variant = ToVariant(wire.Variant, Path, problems),
            ClusterCount = wire.HasClusterCount ? wire.ClusterCount : spec.ClusterCount,
            Seed = wire.HasSeed ? SeedWireExtensions.ToSeed(wire.Seed, $"{Path}.seed", problems) : spec.Seed,
            ByzantineFraction = wire.HasByzantineFraction ? wire.ByzantineFraction : spec.ByzantineFraction,
            SampleFraction = wire.HasSampleFraction ? wire.SampleFraction : spec.SampleFraction,
        };
        var found = spec.FindProblems();
        foreach (var problem in found)
        {
            if (problem.Parameter == nameof(HierarchicalKrumSpec.Variant))
            {
                problems.Add($"{Path}.variant", $"must be KRUM_VARIANT_BLANCHARD_2017 or KRUM_VARIANT_MFN_4_1_COMPAT, but was {(int)wire.Variant}");
                continue;
            }

            problems.Add($"{Path}.{HierarchyName(problem.Parameter)}", problem.Description);
        }

        if (spec.Variant != KrumVariant.MfnV41Compat && (wire.HasByzantineFraction || wire.HasSampleFraction))
        {
            problems.Add(Path, "must not have byzantine_fraction or sample_fraction unless variant is KRUM_VARIANT_MFN_4_1_COMPAT");
        }

        return found.Count == 0
            ? new PlannedRule(new HierarchicalKrum(spec), "hierarchical-krum", Name(spec.Variant), WorkingMemory.Clusters(spec.ClusterCount, threadCount))
            : null;
    }

    private static string HierarchyName(string parameter) => parameter switch
    {
        nameof(HierarchicalKrumSpec.ClusterCount) => "cluster_count",
        nameof(HierarchicalKrumSpec.ByzantineFraction) => "byzantine_fraction",
        nameof(HierarchicalKrumSpec.SampleFraction) => "sample_fraction",
        _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "The parameter has no wire name."),
    };

    private static PlannedRule? ToRule(Wire.GeometricMedianRule wire, RequestProblems problems)
    {
        const string Path = "spec.rule.geometric_median";
        var tolerance = wire.HasTolerance ? wire.Tolerance : GeometricMedian.DefaultTolerance;
        var maxStepCount = wire.HasMaxStepCount ? wire.MaxStepCount : GeometricMedian.DefaultMaxStepCount;
        return problems.Check($"{Path}.tolerance", tolerance, GeometricMedian.Tolerances)
            & problems.Check($"{Path}.max_step_count", maxStepCount, GeometricMedian.StepCounts)
            ? new PlannedRule(new GeometricMedian(tolerance, maxStepCount), "geometric-median", "", WorkingMemory.None)
            : null;
    }

    private static PlannedRule? ToRule(Wire.CenteredClippingRule wire, int length, RequestProblems problems)
    {
        const string Path = "spec.rule.centered_clipping";
        var radius = wire.HasRadius ? wire.Radius : 10;
        var stepCount = wire.HasStepCount ? wire.StepCount : 3;
        var isFine = problems.Check($"{Path}.radius", radius, AboveZero) & problems.Check($"{Path}.step_count", stepCount, StepCounts);
        var start = wire.Start.IsEmpty ? null : ToStart(wire.Start.Span, length, $"{Path}.start", problems);
        return isFine && start is null == wire.Start.IsEmpty
            ? new PlannedRule(new CenteredClipping(radius, stepCount, start is null ? (ReadOnlyMemory<float>?)null : start), "centered-clipping", "", WorkingMemory.None)
            : null;
    }

    private static float[]? ToStart(ReadOnlySpan<byte> bytes, int length, string path, RequestProblems problems)
    {
        if (bytes.Length != (long)length * sizeof(float))
        {
            problems.Add(path, $"must have {(long)length * sizeof(float)} bytes for {length} components of {sizeof(float)} bytes, but had {bytes.Length}");
            return null;
        }

        var start = new float[length];
        for (var i = 0; i < length; i++)
        {
            start[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            if (!float.IsFinite(start[i]))
            {
                problems.Add(path, $"must be finite, but component {i} was {ParameterRange.Format(start[i])}");
                return null;
            }
        }

        return start;
    }

    private static ImmutableArray<PlannedPreAggregation> ToPreAggregations(Wire.AggregationSpec wire, int threadCount, RequestProblems problems)
    {
        if (wire.PreAggregations.Count > MostPreAggregations)
        {
            problems.Add("spec.pre_aggregations", $"must be at most {MostPreAggregations}, but were {wire.PreAggregations.Count}");
            return [];
        }

        return [.. wire.PreAggregations.Select((each, i) => ToPreAggregation(each, $"spec.pre_aggregations[{i}]", threadCount, problems)).OfType<PlannedPreAggregation>()];
    }

    private static PlannedPreAggregation? ToPreAggregation(Wire.PreAggregation wire, string path, int threadCount, RequestProblems problems)
    {
        switch (wire.KindCase)
        {
            case Wire.PreAggregation.KindOneofCase.NearestNeighborMixing:
                return new PlannedPreAggregation(new NearestNeighborMixing(), WorkingMemory.Distances(threadCount));
            case Wire.PreAggregation.KindOneofCase.NormClipping:
                return problems.Check($"{path}.norm_clipping.norm", wire.NormClipping.Norm, AboveZero)
                    ? new PlannedPreAggregation(new NormClipping(wire.NormClipping.Norm), WorkingMemory.None)
                    : null;
            case Wire.PreAggregation.KindOneofCase.AdaptiveNormClipping:
                return new PlannedPreAggregation(new AdaptiveNormClipping(), WorkingMemory.None);
            case Wire.PreAggregation.KindOneofCase.Bucketing:
                var bucketSize = wire.Bucketing.HasBucketSize ? wire.Bucketing.BucketSize : 2;
                var seed = wire.Bucketing.HasSeed ? SeedWireExtensions.ToSeed(wire.Bucketing.Seed, $"{path}.bucketing.seed", problems) : 42;
                return problems.Check($"{path}.bucketing.bucket_size", bucketSize, FromOne)
                    ? new PlannedPreAggregation(new Bucketing(bucketSize, seed), WorkingMemory.None)
                    : null;
            default:
                problems.Add(path, "must be set to one of its kinds");
                return null;
        }
    }

    private static KrumVariant ToVariant(Wire.KrumVariant wire, string path, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.KrumVariant.Unspecified or Wire.KrumVariant.Blanchard2017:
                return KrumVariant.Blanchard2017;
            case Wire.KrumVariant.FlowerCompat:
                return KrumVariant.FlowerCompat;
            case Wire.KrumVariant.ByzflCompat:
                return KrumVariant.ByzflCompat;
            case Wire.KrumVariant.Mfn41Compat:
                return KrumVariant.MfnV41Compat;
            default:
                problems.Add($"{path}.variant", $"must be one of the contract's variants, but was {(int)wire}");
                return KrumVariant.Blanchard2017;
        }
    }

    private static string Name(KrumVariant variant) => variant switch
    {
        KrumVariant.Blanchard2017 => "blanchard2017",
        KrumVariant.FlowerCompat => "flower-compat",
        KrumVariant.ByzflCompat => "byzfl-compat",
        KrumVariant.MfnV41Compat => "mfn-4.1-compat",
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "The variant has no name."),
    };
}
