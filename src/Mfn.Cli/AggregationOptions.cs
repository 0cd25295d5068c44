using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;
using Mfn.Core.Specs;

namespace Mfn.Cli;

/// <summary>The options that say how to aggregate. What is not given is left to the server.</summary>
internal sealed class AggregationOptions
{
    private static readonly Dictionary<string, Func<AggregationRule>> Rules = new()
    {
        ["krum"] = () => new AggregationRule { Krum = new KrumRule() },
        ["multi-krum"] = () => new AggregationRule { MultiKrum = new MultiKrumRule() },
        ["hierarchical-krum"] = () => new AggregationRule { HierarchicalKrum = new HierarchicalKrumRule() },
        ["bulyan"] = () => new AggregationRule { Bulyan = new BulyanRule() },
        ["median"] = () => new AggregationRule { Median = new MedianRule() },
        ["trimmed-mean"] = () => new AggregationRule { TrimmedMean = new TrimmedMeanRule() },
        ["meamed"] = () => new AggregationRule { Meamed = new MeamedRule() },
        ["geometric-median"] = () => new AggregationRule { GeometricMedian = new GeometricMedianRule() },
        ["centered-clipping"] = () => new AggregationRule { CenteredClipping = new CenteredClippingRule() },
        ["mda"] = () => new AggregationRule { MinimumDiameterAveraging = new MinimumDiameterAveragingRule() },
        ["mean"] = () => new AggregationRule { Mean = new MeanRule() },
    };

    private static readonly Dictionary<string, KrumVariant> Variants = new()
    {
        ["blanchard2017"] = KrumVariant.Blanchard2017,
        ["flower-compat"] = KrumVariant.FlowerCompat,
        ["byzfl-compat"] = KrumVariant.ByzflCompat,
        ["mfn-4.1-compat"] = KrumVariant.Mfn41Compat,
    };

    private static readonly string[] PreAggregations = ["nnm", "clip", "adaptive-clip", "bucketing"];

    private static readonly ParameterRange AboveZero = new(double.Epsilon, double.MaxValue);

    private readonly Option<int?> _byzantine = NumberOption.Create<int>("--byzantine", "F", "How many updates may be arbitrary: from 0.", isRequired: true).Fills("byzantine_count").Within(0, int.MaxValue);
    private readonly Option<string?> _rule = ChoiceOption.Create("--rule", "How to make one vector out of them.", Rules.Keys, isRequired: true).Fills("rule");
    private readonly Option<string?> _variant = ChoiceOption.Create("--variant", "Which Krum (the three Krum rules only). Default: blanchard2017.", Variants.Keys).Fills("variant", "krum_variant");
    private readonly Option<int?> _keep = NumberOption.Create<int>("--keep", "M", "Updates that are kept (multi-krum only). Default: n - f - 2, of the compat variants n - f.").Fills("kept_count").AtLeast(1);
    private readonly Option<int?> _clusters = NumberOption.Create<int>("--clusters", "C", "Clusters at most (hierarchical-krum only). Default: 10.").Fills("cluster_count").AtLeast(1);
    private readonly Option<double?> _byzantineFraction = NumberOption.Create<double>("--byzantine-fraction", "X", "Byzantine part of a cluster: 0 to below 0.5 (hierarchical-krum mfn-4.1-compat only). Default: f / n.").Fills("byzantine_fraction").Within(new ParameterRange(0, 0.5, ExcludesMaximum: true));
    private readonly Option<double?> _sampleFraction = NumberOption.Create<double>("--sample-fraction", "X", "Part of more than 1000 clients that is looked at (hierarchical-krum mfn-4.1-compat only). Default: 0.1.").Fills("sample_fraction").Within(new ParameterRange(double.Epsilon, 1));
    private readonly Option<double?> _radius = NumberOption.Create<double>("--tau", "X", "Radius (centered-clipping only). Default: 10.").Fills("radius").Within(AboveZero);
    private readonly Option<int?> _iterations = NumberOption.Create<int>("--iterations", "L", "Steps: 1 to 10000; of geometric-median at most (these two only). Default: 3, of geometric-median 5000.").Fills("step_count", "max_step_count").Within(1, 10000);
    private readonly Option<double?> _tolerance = NumberOption.Create<double>("--tolerance", "X", "Longest last step as a part of the median distance: 1e-14 to 0.1 (geometric-median only). Default: 1e-10.").Fills("tolerance").Within(Core.Aggregation.Rules.GeometricMedian.Tolerances);
    private readonly Option<string[]> _pre = ChoiceOption.CreateMany("--pre", "What happens to the updates before; several in their order.", PreAggregations).Fills("pre_aggregations");
    private readonly Option<double?> _clipNorm = NumberOption.Create<double>("--clip-norm", "X", "Norm to clip to: above 0 (needed by --pre clip).").Fills("norm_clipping.norm").Within(AboveZero);
    private readonly Option<int?> _bucketSize = NumberOption.Create<int>("--bucket-size", "S", "Updates in a bucket (--pre bucketing only). Default: 2.").Fills("bucket_size").AtLeast(1);
    private readonly Option<long?> _seed = NumberOption.Create<long>("--seed", "N", "Seed of clusters and buckets: 0 to 2^63-1. Default: 42.").Fills("seed").WithinSeeds();
    private readonly Option<double?> _normCap = NumberOption.Create<double>("--norm-cap", "X", "Refuse updates with a larger norm. Default: none.").Fills("norm_cap").Within(AboveZero);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _byzantine, _rule, _variant, _keep, _clusters, _byzantineFraction, _sampleFraction, _radius, _iterations, _tolerance, _pre, _clipNorm,
            _bucketSize, _seed, _normCap,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The spec that the arguments describe, for updates of so many components.</summary>
    /// <exception cref="BadArgumentsException">Options do not go together.</exception>
    public AggregationSpec Read(ParseResult arguments, int length)
    {
        var rule = arguments.GetRequiredValue(_rule)!;
        var pre = arguments.GetValue(_pre) ?? [];
        RequireApplicable(arguments, rule, pre);

        var spec = new AggregationSpec
        {
            Length = length,
            ByzantineCount = arguments.GetRequiredValue(_byzantine)!.Value,
            Rule = Rules[rule](),
            PreAggregations = { pre.Select(name => ReadPreAggregation(arguments, name)) },
        };
        ReadParameters(arguments, spec.Rule);
        arguments.Apply(_normCap, value => spec.Admission = new AdmissionPolicy { NormCap = value });
        return spec;
    }

    private void RequireApplicable(ParseResult arguments, string rule, string[] pre)
    {
        var problems = new List<string>();
        Require(rule is "krum" or "multi-krum" or "hierarchical-krum", "for the Krum rules", _variant);
        Require(rule == "multi-krum", "for --rule multi-krum", _keep);
        Require(rule == "hierarchical-krum", "for --rule hierarchical-krum", _clusters, _byzantineFraction, _sampleFraction);
        Require(rule == "centered-clipping", "for --rule centered-clipping", _radius);
        Require(rule is "centered-clipping" or "geometric-median", "for --rule centered-clipping and --rule geometric-median", _iterations);
        Require(rule == "geometric-median", "for --rule geometric-median", _tolerance);
        Require(pre.Contains("clip"), "for --pre clip", _clipNorm);
        Require(pre.Contains("bucketing"), "for --pre bucketing", _bucketSize);
        Require(rule == "hierarchical-krum" || pre.Contains("bucketing"), "for --rule hierarchical-krum and --pre bucketing", _seed);
        if (pre.Contains("clip") && !arguments.IsGiven(_clipNorm))
        {
            problems.Add("--pre clip needs --clip-norm.");
        }

        BadArgumentsException.ThrowIfAny(problems);

        void Require(bool applies, string where, params Option[] options) => arguments.RequireFor(applies, where, problems, options);
    }

    private PreAggregation ReadPreAggregation(ParseResult arguments, string name)
    {
        switch (name)
        {
            case "nnm":
                return new PreAggregation { NearestNeighborMixing = new NearestNeighborMixing() };
            case "clip":
                return new PreAggregation { NormClipping = new NormClipping { Norm = arguments.GetValue(_clipNorm)!.Value } };
            case "adaptive-clip":
                return new PreAggregation { AdaptiveNormClipping = new AdaptiveNormClipping() };
            default:
                var bucketing = new Bucketing();
                arguments.Apply(_bucketSize, value => bucketing.BucketSize = value);
                arguments.Apply(_seed, value => bucketing.Seed = value);
                return new PreAggregation { Bucketing = bucketing };
        }
    }

    private void ReadParameters(ParseResult arguments, AggregationRule rule)
    {
        var variant = arguments.GetValue(_variant) is { } name ? Variants[name] : KrumVariant.Unspecified;
        switch (rule.KindCase)
        {
            case AggregationRule.KindOneofCase.Krum:
                rule.Krum.Variant = variant;
                break;
            case AggregationRule.KindOneofCase.MultiKrum:
                rule.MultiKrum.Variant = variant;
                arguments.Apply(_keep, value => rule.MultiKrum.KeptCount = value);
                break;
            case AggregationRule.KindOneofCase.HierarchicalKrum:
                rule.HierarchicalKrum.Variant = variant;
                arguments.Apply(_clusters, value => rule.HierarchicalKrum.ClusterCount = value);
                arguments.Apply(_seed, value => rule.HierarchicalKrum.Seed = value);
                arguments.Apply(_byzantineFraction, value => rule.HierarchicalKrum.ByzantineFraction = value);
                arguments.Apply(_sampleFraction, value => rule.HierarchicalKrum.SampleFraction = value);
                break;
            case AggregationRule.KindOneofCase.GeometricMedian:
                arguments.Apply(_tolerance, value => rule.GeometricMedian.Tolerance = value);
                arguments.Apply(_iterations, value => rule.GeometricMedian.MaxStepCount = value);
                break;
            case AggregationRule.KindOneofCase.CenteredClipping:
                arguments.Apply(_radius, value => rule.CenteredClipping.Radius = value);
                arguments.Apply(_iterations, value => rule.CenteredClipping.StepCount = value);
                break;
        }
    }
}
