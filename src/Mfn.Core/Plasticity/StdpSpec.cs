using Mfn.Core.Specs;

namespace Mfn.Core.Plasticity;

/// <summary>The constants of a <see cref="StdpRule"/>. Defaults are the reference's.</summary>
public sealed record StdpSpec
{
    /// <summary>The time constants in seconds that a spec may have.</summary>
    public static ParameterRange TimeConstantRange { get; } = new(0.005, 0.1);

    /// <summary>The amplitudes that a spec may have.</summary>
    public static ParameterRange AmplitudeRange { get; } = new(0.001, 0.1);

    /// <summary>τ+: seconds over which the gain from a spike pair in causal order falls by a factor of e.</summary>
    public double PotentiationTimeConstant { get; init; } = 0.020;

    /// <summary>τ-: seconds over which the loss from a spike pair in reverse order falls by a factor of e.</summary>
    public double DepressionTimeConstant { get; init; } = 0.020;

    /// <summary>A+: the largest gain of a weight from one spike pair.</summary>
    public double PotentiationAmplitude { get; init; } = 0.01;

    /// <summary>A-: the largest loss of a weight from one spike pair, as a positive number.</summary>
    public double DepressionAmplitude { get; init; } = 0.012;

    /// <summary>All that keeps this spec from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        problems.Check(nameof(PotentiationTimeConstant), PotentiationTimeConstant, TimeConstantRange);
        problems.Check(nameof(DepressionTimeConstant), DepressionTimeConstant, TimeConstantRange);
        problems.Check(nameof(PotentiationAmplitude), PotentiationAmplitude, AmplitudeRange);
        problems.Check(nameof(DepressionAmplitude), DepressionAmplitude, AmplitudeRange);
        return problems;
    }
}
