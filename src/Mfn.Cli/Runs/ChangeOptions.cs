using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Kinetics;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>The options that change constants of a simulation.</summary>
internal sealed class ChangeOptions
{
    private readonly Option<KineticsParameter[]?> _kinetics = KineticsChangeOption.Create();
    private readonly Option<double[]?> _noise = PatternOptions.NumberList("--noise", "Strength of white noise a species, in the place of what there was (kinetics only).").Fills("change_parameters.noise.additive", "changes.noise.additive");
    private readonly Option<double[]?> _multiplicativeNoise = PatternOptions.NumberList("--multiplicative-noise", "The same for noise that is proportional to the concentration (kinetics only).").Fills("change_parameters.noise.multiplicative", "changes.noise.multiplicative");
    private readonly Option<double?> _alpha = NumberOption.Create<double>("--alpha", "X", "Diffusion of the potential.").Fills("alpha").Within(0, 1);
    private readonly Option<double?> _spikeProbability = NumberOption.Create<double>("--spike-probability", "P", "Probability of a growth event in a step.").Fills("spike_probability").Within(0, 1);
    private readonly Option<double?> _turingThreshold = NumberOption.Create<double>("--turing-threshold", "X", "Activator above which a cell gains 5 mV.").Fills("turing_threshold").Within(0, 1);
    private readonly Option<double?> _jitterVariance = NumberOption.Create<double>("--jitter-variance", "X", "Variance of the noise in V^2 (with jitter only).").Fills("jitter_variance_volts_squared").Within(0, 0.01);
    private readonly Option<double?> _activatorDiffusion = NumberOption.Create<double>("--activator-diffusion", "X", "Diffusion of the activator (engine only).").Fills("activator_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorDiffusion);
    private readonly Option<double?> _inhibitorDiffusion = NumberOption.Create<double>("--inhibitor-diffusion", "X", "Diffusion of the inhibitor (engine only).").Fills("inhibitor_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorDiffusion);
    private readonly Option<double?> _activatorRate = NumberOption.Create<double>("--activator-rate", "X", "Reaction rate of the activator (engine only).").Fills("activator_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorRate);
    private readonly Option<double?> _inhibitorRate = NumberOption.Create<double>("--inhibitor-rate", "X", "Reaction rate of the inhibitor (engine only).").Fills("inhibitor_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorRate);

    public IReadOnlyList<Option> All =>
        [_kinetics, _noise, _multiplicativeNoise, _alpha, _spikeProbability, _turingThreshold, _jitterVariance, _activatorDiffusion, _inhibitorDiffusion, _activatorRate, _inhibitorRate];

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
        changes.Kinetics.AddRange(arguments.GetValue(_kinetics) ?? []);
        var noise = new Noise();
        noise.Additive.AddRange(arguments.GetValue(_noise) ?? []);
        noise.Multiplicative.AddRange(arguments.GetValue(_multiplicativeNoise) ?? []);
        changes.Noise = arguments.IsGiven(_noise) || arguments.IsGiven(_multiplicativeNoise) ? noise : null;
        return changes;
    }
}
