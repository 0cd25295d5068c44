using System.Collections.Immutable;
using System.Security.Cryptography;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>Other values for some constants of a simulation, from its next step on. What is null stays.</summary>
public sealed record ParameterChange : StateChange
{
    /// <summary>See <see cref="SimulationSpec.Alpha"/>.</summary>
    public double? Alpha { get; init; }

    /// <summary>See <see cref="SimulationSpec.SpikeProbability"/>.</summary>
    public double? SpikeProbability { get; init; }

    /// <summary>See <see cref="SimulationSpec.TuringThreshold"/>.</summary>
    public double? TuringThreshold { get; init; }

    /// <summary>See <see cref="SimulationSpec.JitterVariance"/>; only for a simulation with jitter.</summary>
    public double? JitterVariance { get; init; }

    /// <summary>See <see cref="SimulationSpec.ActivatorDiffusion"/>.</summary>
    public double? ActivatorDiffusion { get; init; }

    /// <summary>See <see cref="SimulationSpec.InhibitorDiffusion"/>.</summary>
    public double? InhibitorDiffusion { get; init; }

    /// <summary>See <see cref="SimulationSpec.ActivatorRate"/>.</summary>
    public double? ActivatorRate { get; init; }

    /// <summary>See <see cref="SimulationSpec.InhibitorRate"/>.</summary>
    public double? InhibitorRate { get; init; }

    /// <summary>Other values for parameters of kinetics, by their symbols.</summary>
    public ImmutableSortedDictionary<string, double> Kinetics { get; init; } = ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);

    /// <summary>See <see cref="PatternSpec.AdditiveNoise"/>.</summary>
    public ImmutableArray<double>? AdditiveNoise { get; init; }

    /// <summary>See <see cref="PatternSpec.MultiplicativeNoise"/>.</summary>
    public ImmutableArray<double>? MultiplicativeNoise { get; init; }

    /// <summary>Whether nothing changes.</summary>
    public bool IsEmpty => Array.TrueForAll(Values, value => value is null) && !ChangesPattern;

    /// <inheritdoc/>
    public override bool EditsFields => false;

    private bool ChangesPattern => Kinetics.Count > 0 || AdditiveNoise is not null || MultiplicativeNoise is not null;

    private double?[] Values =>
    [
        Alpha, SpikeProbability, TuringThreshold, JitterVariance, ActivatorDiffusion, InhibitorDiffusion, ActivatorRate, InhibitorRate,
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return FindProblems(spec, SimulationRanges.Of(spec.Variant));
    }

    /// <summary>All that keeps it from being applied within narrower ranges; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec, SimulationRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(ranges);
        var problems = new List<SpecProblem>();
        Check(nameof(Alpha), Alpha, ranges.Alpha);
        Check(nameof(SpikeProbability), SpikeProbability, ranges.SpikeProbability);
        Check(nameof(TuringThreshold), TuringThreshold, ranges.TuringThreshold);
        Check(nameof(JitterVariance), JitterVariance, ranges.JitterVariance);
        Check(nameof(ActivatorDiffusion), ActivatorDiffusion, ranges.ActivatorDiffusion);
        Check(nameof(InhibitorDiffusion), InhibitorDiffusion, ranges.InhibitorDiffusion);
        Check(nameof(ActivatorRate), ActivatorRate, ranges.ActivatorRate);
        Check(nameof(InhibitorRate), InhibitorRate, ranges.InhibitorRate);
        if (JitterVariance is not null && !spec.IsJitterEnabled)
        {
            problems.Add(nameof(JitterVariance), "must not be set for a run without jitter");
        }

        if (spec.Pattern is { } pattern)
        {
            if (!Array.TrueForAll(Values, value => value is null))
            {
                problems.Add(nameof(Kinetics), "must not be changed together with constants of the reference");
            }

            var unknown = Kinetics.Keys.Where(symbol => pattern.Kinetics.Model.Parameters.All(parameter => parameter.Symbol != symbol)).ToList();
            problems.AddRange(unknown.Select(symbol => new SpecProblem(symbol, $"must be a parameter of {pattern.Kinetics.Model.Name}")));
            if (unknown.Count == 0)
            {
                problems.AddRange(ApplyTo(pattern).FindProblems());
            }
        }
        else if (ChangesPattern)
        {
            problems.Add(nameof(Kinetics), "must not be changed for a run without kinetics");
        }

        return problems;

        void Check(string parameter, double? value, ParameterRange range)
        {
            if (value is { } given)
            {
                problems.Check(parameter, given, range);
            }
        }
    }

    internal override SimulationSpec ApplyTo(SimulationSpec spec) => spec with
    {
        Alpha = Alpha ?? spec.Alpha,
        SpikeProbability = SpikeProbability ?? spec.SpikeProbability,
        TuringThreshold = TuringThreshold ?? spec.TuringThreshold,
        JitterVariance = JitterVariance ?? spec.JitterVariance,
        ActivatorDiffusion = ActivatorDiffusion ?? spec.ActivatorDiffusion,
        InhibitorDiffusion = InhibitorDiffusion ?? spec.InhibitorDiffusion,
        ActivatorRate = ActivatorRate ?? spec.ActivatorRate,
        InhibitorRate = InhibitorRate ?? spec.InhibitorRate,
        Pattern = spec.Pattern is { } pattern && ChangesPattern ? ApplyTo(pattern) : spec.Pattern,
    };

    private PatternSpec ApplyTo(PatternSpec pattern) => pattern with
    {
        Kinetics = Kinetics.Aggregate(pattern.Kinetics, (kinetics, change) => kinetics.With(change.Key, change.Value)),
        AdditiveNoise = AdditiveNoise ?? pattern.AdditiveNoise,
        MultiplicativeNoise = MultiplicativeNoise ?? pattern.MultiplicativeNoise,
    };

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.Append(1);
        foreach (var value in Values)
        {
            hash.Append(value is null ? 0 : 1);
            hash.Append(value ?? 0);
        }

        // Nothing of this was there when the first identities were told.
        foreach (var (symbol, value) in Kinetics)
        {
            hash.Append(symbol);
            hash.Append(value);
        }

        AppendNoise(1, AdditiveNoise);
        AppendNoise(2, MultiplicativeNoise);

        void AppendNoise(int kind, ImmutableArray<double>? noise)
        {
            if (noise is { } strengths)
            {
                hash.Append(kind);
                hash.Append(strengths.AsSpan());
            }
        }
    }
}
