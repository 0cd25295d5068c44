using System.CommandLine;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>The options that describe a simulation. What is not given is left to the preset, and then to the server.</summary>
internal sealed class SpecOptions
{
    private readonly Option<string?> _preset = new("--preset") { Description = "Start from a preset; the other options change it.", HelpName = string.Join('|', Presets.Names) };
    private readonly Option<string?> _variant = new("--variant") { Description = "Which simulation of the reference. Default: model.", HelpName = "model|engine" };
    private readonly Option<string?> _precision = new("--precision") { Description = "Type of the cells; singles are faster, and a model of their own. Default: f64.", HelpName = "f64|f32" };
    private readonly Option<int?> _grid = NumberOption.Create<int>("--grid", "N", "Rows and columns of the field: 4 to 1024. Default: 64.");
    private readonly Option<int?> _steps = NumberOption.Create<int>("--steps", "N", "Time steps: 1 to 10000. Default: 64.");
    private readonly Option<long?> _seed = NumberOption.Create<long>("--seed", "N", "Seed of the random numbers: 0 to 2^63-1. Default: 42.");
    private readonly Option<double?> _alpha = NumberOption.Create<double>("--alpha", "X", "Diffusion of the potential: 0 to below 0.25 (engine: from 0.05). Default: 0.18.");
    private readonly Option<bool> _allowUnstable = new("--allow-unstable") { Description = "Allow an --alpha from 0.25 to 1, where only clamping bounds the field (model only)." };
    private readonly Option<double?> _spikeProbability = NumberOption.Create<double>("--spike-probability", "P", "Probability of a growth event in a step: 0 to 1. Default: 0.25.");
    private readonly Option<bool> _noTuring = new("--no-turing") { Description = "Leave activator and inhibitor out." };
    private readonly Option<double?> _turingThreshold = NumberOption.Create<double>("--turing-threshold", "X", "Activator above which a cell gains 5 mV: 0 to 1 (engine: 0.5 to 0.95). Default: 0.75.");
    private readonly Option<bool> _jitter = new("--jitter") { Description = "Add Gaussian noise to every cell in every step." };
    private readonly Option<double?> _jitterVariance = NumberOption.Create<double>("--jitter-variance", "X", "Variance of that noise in V^2: 0 to 0.01. Default: 0.0005.");
    private readonly Option<string?> _boundary = new("--boundary") { Description = "Beyond the rim (engine only). Default: periodic.", HelpName = "periodic|neumann|dirichlet" };
    private readonly Option<double?> _activatorDiffusion = NumberOption.Create<double>("--activator-diffusion", "X", "0.01 to below 0.25 (engine only). Default: 0.1.");
    private readonly Option<double?> _inhibitorDiffusion = NumberOption.Create<double>("--inhibitor-diffusion", "X", "0.01 to below 0.25 (engine only). Default: 0.05.");
    private readonly Option<double?> _activatorRate = NumberOption.Create<double>("--activator-rate", "X", "0.001 to 0.1 (engine only). Default: 0.01.");
    private readonly Option<double?> _inhibitorRate = NumberOption.Create<double>("--inhibitor-rate", "X", "0.001 to 0.1 (engine only). Default: 0.02.");

    public SpecOptions()
    {
        _preset.AcceptOnlyFromAmong(Presets.Names);
        _variant.AcceptOnlyFromAmong("model", "engine");
        _precision.AcceptOnlyFromAmong("f64", "f32");
        _boundary.AcceptOnlyFromAmong("periodic", "neumann", "dirichlet");
    }

    private Option[] EngineOnly => [_boundary, _activatorDiffusion, _inhibitorDiffusion, _activatorRate, _inhibitorRate];

    private Option[] All =>
    [
        _preset, _variant, _precision, _grid, _steps, _seed, _alpha, _allowUnstable, _spikeProbability, _noTuring, _turingThreshold, _jitter, _jitterVariance, .. EngineOnly,
    ];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>The spec that the arguments describe.</summary>
    /// <exception cref="BadArgumentsException">An option does not apply to the variant.</exception>
    public SimulationSpec Read(ParseResult arguments)
    {
        var spec = arguments.GetValue(_preset) is { } preset ? Presets.Load(preset) : new SimulationSpec();
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
        ReadEngine(arguments, spec);
        return spec;

        void Set<T>(Option<T> option, Action<T> assign)
        {
            if (arguments.GetResult(option) is { Implicit: false })
            {
                assign(arguments.GetValue(option)!);
            }
        }
    }

    private void ReadEngine(ParseResult arguments, SimulationSpec spec)
    {
        var given = EngineOnly.Where(option => arguments.GetResult(option) is { Implicit: false }).Select(option => option.Name).ToArray();
        if (given.Length == 0)
        {
            return;
        }

        if (spec.Variant != SimulationVariant.Engine)
        {
            throw new BadArgumentsException($"{string.Join(", ", given)}: only for --variant engine.");
        }

        spec.Engine ??= new EngineParameters();
        spec.Engine.Boundary = arguments.GetValue(_boundary) switch
        {
            "periodic" => Boundary.Periodic,
            "neumann" => Boundary.Neumann,
            "dirichlet" => Boundary.Dirichlet,
            _ => spec.Engine.Boundary,
        };
        arguments.Apply(_activatorDiffusion, value => spec.Engine.ActivatorDiffusion = value);
        arguments.Apply(_inhibitorDiffusion, value => spec.Engine.InhibitorDiffusion = value);
        arguments.Apply(_activatorRate, value => spec.Engine.ActivatorRate = value);
        arguments.Apply(_inhibitorRate, value => spec.Engine.InhibitorRate = value);
    }
}
