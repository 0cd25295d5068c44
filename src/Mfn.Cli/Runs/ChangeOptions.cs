using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>The options that change constants of a simulation.</summary>
internal sealed class ChangeOptions
{
    private readonly Option<double?> _alpha = NumberOption.Create<double>("--alpha", "X", "Diffusion of the potential.").Fills("alpha").Within(0, 1);
    private readonly Option<double?> _spikeProbability = NumberOption.Create<double>("--spike-probability", "P", "Probability of a growth event in a step.").Fills("spike_probability").Within(0, 1);
    private readonly Option<double?> _turingThreshold = NumberOption.Create<double>("--turing-threshold", "X", "Activator above which a cell gains 5 mV.").Fills("turing_threshold").Within(0, 1);
    private readonly Option<double?> _jitterVariance = NumberOption.Create<double>("--jitter-variance", "X", "Variance of the noise in V^2 (with jitter only).").Fills("jitter_variance_volts_squared").Within(0, 0.01);
    private readonly Option<double?> _activatorDiffusion = NumberOption.Create<double>("--activator-diffusion", "X", "Diffusion of the activator (engine only).").Fills("activator_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorDiffusion);
    private readonly Option<double?> _inhibitorDiffusion = NumberOption.Create<double>("--inhibitor-diffusion", "X", "Diffusion of the inhibitor (engine only).").Fills("inhibitor_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorDiffusion);
    private readonly Option<double?> _activatorRate = NumberOption.Create<double>("--activator-rate", "X", "Reaction rate of the activator (engine only).").Fills("activator_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorRate);
    private readonly Option<double?> _inhibitorRate = NumberOption.Create<double>("--inhibitor-rate", "X", "Reaction rate of the inhibitor (engine only).").Fills("inhibitor_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorRate);

    public IReadOnlyList<Option<double?>> All =>
        [_alpha, _spikeProbability, _turingThreshold, _jitterVariance, _activatorDiffusion, _inhibitorDiffusion, _activatorRate, _inhibitorRate];

    /// <summary>The changes that the arguments ask for; none of them if they ask for none.</summary>
    public ChangeParameters Read(ParseResult arguments)
    {
        var changes = new ChangeParameters();
        arguments.Apply(_alpha, value => changes.Alpha = value);
        arguments.Apply(_spikeProbability, value => changes.SpikeProbability = value);
        arguments.Apply(_turingThreshold, value => changes.TuringThreshold = value);
        arguments.Apply(_jitterVariance, value => changes.JitterVarianceVoltsSquared = value);
        arguments.Apply(_activatorDiffusion, value => changes.ActivatorDiffusion = value);
        arguments.Apply(_inhibitorDiffusion, value => changes.InhibitorDiffusion = value);
        arguments.Apply(_activatorRate, value => changes.ActivatorRate = value);
        arguments.Apply(_inhibitorRate, value => changes.InhibitorRate = value);
        return changes;
    }
}
