using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Kinetics;
using Mfn.Contracts.V1;
using Mfn.Core.Gallery;
using Mfn.Server.Translation;

namespace Mfn.Cli;

/// <summary>The options that describe a simulation. What is not given is left to the preset, and then to the server.</summary>
internal sealed class SpecOptions
{
    private readonly Option<string?> _preset = PresetOption.Create();
    private readonly Option<string?> _variant = ChoiceOption.Create("--variant", "Which simulation of the reference. Default: model.", ["model", "engine"]).Fills("variant", "simulation_variant");
    private readonly Option<string?> _precision = ChoiceOption.Create("--precision", "Type of the cells; singles are faster, and a model of their own. Default: f64.", ["f64", "f32"]).Fills("precision");
    private readonly Option<int?> _grid = NumberOption.Create<int>("--grid", "N", "Rows and columns of the field: 4 to 1024. Default: 64.").Fills("grid_size").AtLeast(4);
    private readonly Option<int?> _steps = NumberOption.Create<int>("--steps", "N", "Time steps: 1 to 10000, without a server to 1000000. Default: 64; 5000 with --kinetics.").Fills("steps").AtLeast(1);
    private readonly Option<long?> _seed = NumberOption.Create<long>("--seed", "N", "Seed of the random numbers: 0 to 2^63-1. Default: 42.").Fills("seed").WithinSeeds();
    private readonly Option<double?> _alpha = NumberOption.Create<double>("--alpha", "X", "Diffusion of the potential: 0 to below 0.25 (engine: from 0.05). Default: 0.18.").Fills("alpha").Within(0, 1);
    private readonly Option<bool> _allowUnstable = new Option<bool>("--allow-unstable") { Description = "Allow an --alpha from 0.25 to 1, where only clamping bounds the field (model only); with --kinetics a --time-step above the largest stable one." }.Fills("allow_unstable");
    private readonly Option<double?> _spikeProbability = NumberOption.Create<double>("--spike-probability", "P", "Probability of a growth event in a step: 0 to 1. Default: 0.25.").Fills("spike_probability").Within(0, 1);
    private readonly Option<bool> _noTuring = new Option<bool>("--no-turing") { Description = "Leave activator and inhibitor out." }.Fills("turing_enabled");
    private readonly Option<double?> _turingThreshold = NumberOption.Create<double>("--turing-threshold", "X", "Activator above which a cell gains 5 mV: 0 to 1 (engine: 0.5 to 0.95). Default: 0.75.").Fills("turing_threshold").Within(0, 1);
    private readonly Option<bool> _jitter = new Option<bool>("--jitter") { Description = "Add Gaussian noise to every cell in every step." }.Fills("jitter_enabled");
    private readonly Option<double?> _jitterVariance = NumberOption.Create<double>("--jitter-variance", "X", "Variance of that noise in V^2 (with --jitter only): 0 to 0.01. Default: 0.0005.").Fills("jitter_variance_volts_squared").Within(0, 0.01);
    private readonly Option<SpeciesBoundary[]?> _boundary = BoundaryOption.Create();
    private readonly Option<double?> _activatorDiffusion = NumberOption.Create<double>("--activator-diffusion", "X", "0.01 to below 0.25 (engine only). Default: 0.1.").Fills("activator_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorDiffusion);
    private readonly Option<double?> _inhibitorDiffusion = NumberOption.Create<double>("--inhibitor-diffusion", "X", "0.01 to below 0.25 (engine only). Default: 0.05.").Fills("inhibitor_diffusion").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorDiffusion);
    private readonly Option<double?> _activatorRate = NumberOption.Create<double>("--activator-rate", "X", "0.001 to 0.1 (engine only). Default: 0.01.").Fills("activator_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).ActivatorRate);
    private readonly Option<double?> _inhibitorRate = NumberOption.Create<double>("--inhibitor-rate", "X", "0.001 to 0.1 (engine only). Default: 0.02.").Fills("inhibitor_rate").Within(Core.Simulation.SimulationRanges.Of(Core.Simulation.SimulationVariant.Engine).InhibitorRate);

    private readonly PatternOptions _pattern = new();

    private Option[] EngineOnly => [_activatorDiffusion, _inhibitorDiffusion, _activatorRate, _inhibitorRate];

    private Option[] ReferenceOnly => [_variant, _grid, _alpha, _spikeProbability, _noTuring, _turingThreshold, _jitter, _jitterVariance, .. EngineOnly];

    private Option[] Common => [_preset, _precision, _steps, _seed, _allowUnstable, _boundary];

    public void AddTo(Command command)
    {
        _pattern.AddTo(command);
        foreach (var option in Common.Concat(ReferenceOnly))
        {
            command.Add(option);
        }
    }

    /// <summary>The concentrations that the simulation begins with, a field a species; none if the arguments name no file.</summary>
    /// <exception cref="BadArgumentsException">The file cannot be used.</exception>
    public IReadOnlyList<Field> ReadFields(ParseResult arguments, SimulationSpec spec, bool castIntegers = false) => _pattern.ReadFields(arguments, spec, castIntegers);

    /// <summary>The spec that the arguments describe.</summary>
    /// <exception cref="BadArgumentsException">An option does not apply to the kinetics or the variant, or a file cannot be read.</exception>
    public SimulationSpec Read(ParseResult arguments)
    {
        var problems = new List<string>();
        var spec = ReadPreset(arguments, problems);
        _pattern.RequireUsable(arguments, KineticsWire.ModelOf(spec), problems);
        arguments.RequireFor(!IsPattern(), KineticsWire.ModelOf(spec) is null ? "without --kinetics" : $"without a {_preset.Name} of the gallery", problems, ReferenceOnly);
        BadArgumentsException.ThrowIfAny(problems);
        Set(_variant, variant => spec.Variant = variant == "engine" ? SimulationVariant.Engine : SimulationVariant.Model);
        Set(_precision, precision => spec.Precision = precision == "f32" ? Precision.Binary32 : Precision.Binary64);
        arguments.Apply(_grid, value => spec.GridSize = value);
        arguments.Apply(_steps, value => spec.Steps = value);
        arguments.Apply(_seed, value => spec.Seed = value);
        arguments.Apply(_alpha, value => spec.Alpha = value);
        Set(_allowUnstable, value => spec.AllowUnstable = value);
        arguments.Apply(_spikeProbability, value => spec.SpikeProbability = value);
        Set(_noTuring, value => spec.TuringEnabled = !value);
        arguments.Apply(_turingThreshold, value => spec.TuringThreshold = value);
        Set(_jitter, value => spec.JitterEnabled = value);
        arguments.Apply(_jitterVariance, value => spec.JitterVarianceVoltsSquared = value);
        _pattern.Read(arguments, spec);
        if (IsPattern())
        {
            Set(_boundary, boundaries =>
            {
                spec.Domain.Boundaries.Clear();
                spec.Domain.Boundaries.AddRange(boundaries);
            });
            return spec;
        }

        arguments.RequireFor(spec.JitterEnabled, "with --jitter", _jitterVariance);
        ReadEngine(arguments, spec);
        return spec;

        bool IsPattern() => _pattern.IsGiven(arguments) || KineticsWire.ModelOf(spec) is not null;

        void Set<T>(Option<T> option, Action<T> assign)
        {
            if (arguments.IsGiven(option))
            {
                assign(arguments.GetValue(option)!);
            }
        }
    }

    /// <summary>Whether the steps of the spec are a preset's of the gallery, and not the caller's.</summary>
    public bool HasStepsOfGallery(ParseResult arguments) => !arguments.IsGiven(_steps) && Find(arguments) is not null;

    private Preset? Find(ParseResult arguments) => arguments.GetValue(_preset) is { } name ? PresetGallery.Find(name) : null;

    // The spec that the arguments change.
    private SimulationSpec ReadPreset(ParseResult arguments, List<string> problems)
    {
        if (Find(arguments) is { } shown)
        {
            return shown.ToWire();
        }

        arguments.RequireFor(!_pattern.IsGiven(arguments), "without --kinetics, but for presets of the gallery", problems, _preset);
        return arguments.GetValue(_preset) is { } name && !_pattern.IsGiven(arguments) ? Presets.Load(name) : new SimulationSpec();
    }

    private void ReadEngine(ParseResult arguments, SimulationSpec spec)
    {
        var problems = new List<string>();
        var boundary = arguments.GetValue(_boundary);
        arguments.RequireFor(spec.Variant == SimulationVariant.Engine, "with --variant engine", problems, EngineOnly);
        arguments.RequireFor(spec.Variant == SimulationVariant.Engine, "with --variant engine or --kinetics", problems, _boundary);
        if (boundary is { Length: > 1 } or [{ Value: not 0 }])
        {
            problems.Add($"{_boundary.Name}: several, or a value, only with --kinetics.");
        }

        BadArgumentsException.ThrowIfAny(problems);
        if (!EngineOnly.Append(_boundary).Any(arguments.IsGiven))
        {
            return;
        }

        spec.Engine ??= new EngineParameters();
        spec.Engine.Boundary = boundary is [var only] ? only.Kind : spec.Engine.Boundary;
        arguments.Apply(_activatorDiffusion, value => spec.Engine.ActivatorDiffusion = value);
        arguments.Apply(_inhibitorDiffusion, value => spec.Engine.InhibitorDiffusion = value);
        arguments.Apply(_activatorRate, value => spec.Engine.ActivatorRate = value);
        arguments.Apply(_inhibitorRate, value => spec.Engine.InhibitorRate = value);
    }
}
