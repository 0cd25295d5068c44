using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Runs;
using Mfn.Server.Texts;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>What steers a run: messages to commands.</summary>
internal static class CommandWireExtensions
{
    /// <summary>The most bytes of a command's id.</summary>
    public const int LongestCommandId = 64;

    /// <summary>The wire name of the potential that a command brings.</summary>
    public const string PotentialPath = "command.replace_potential";

    /// <summary>The wire name of the species that a command brings.</summary>
    public const string SpeciesPath = "command.replace_species.field";

    private const string SpeciesNamePath = "command.replace_species.species";
    private const double MillivoltsPerVolt = 1000.0;

    private static readonly ParameterRange CommandStepsRange = new(1, 1_000_000);
    private static readonly ParameterRange MillivoltRange = new(-1000, 1000);

    /// <summary>The command that a message brings.</summary>
    public static SteeringCommand ToCommand(this Wire.RunCommand? wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        wire ??= new Wire.RunCommand();
        wire.CheckId(problems);
        return new SteeringCommand(wire.CommandId, wire.ToAction(spec, limits, problems), wire);
    }

    /// <summary>The field that a command replaces, whose values are still to come; null if there is something wrong with its shape.</summary>
    public static IncomingField? DeclareReplacement(this Wire.RunCommand wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        wire.CheckId(problems);
        if (wire.ReplaceSpecies is not { } replacement)
        {
            return wire.ReplacePotential.Declare(spec, limits, problems);
        }

        var incoming = replacement.Declare(spec, limits, problems);
        replacement.Species.ToSpecies(SpeciesNamePath, spec, problems);
        return incoming;
    }

    /// <summary>Notes what keeps a change from being applied to a simulation as it is: with kinetics, that the time step would no longer be stable.</summary>
    public static void CheckApplicable(this StateChange change, SimulationSpec spec, string path, RequestProblems problems)
    {
        if (change is ParameterChange && spec.Pattern is not null && problems.IsEmpty)
        {
            foreach (var problem in change.FindProblems(spec))
            {
                problems.Add($"{path}.kinetics", $"must keep the time step stable, or the spec must allow an unstable one: {problem.Parameter} {problem.Description}");
            }
        }
    }

    /// <summary>A change of constants; what is wrong with it is added to the problems.</summary>
    public static ParameterChange ToChange(
        this Wire.ChangeParameters wire, string path, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        if (spec.Pattern is { } pattern)
        {
            return wire.ToPatternChange(path, pattern, problems);
        }

        if (wire.Kinetics.Count > 0)
        {
            problems.Add($"{path}.kinetics", "must not be set for a run without kinetics");
        }

        if (wire.Noise is not null)
        {
            problems.Add($"{path}.noise", "must not be set for a run without kinetics");
        }

        var isEngine = spec.Variant == SimulationVariant.Engine;
        var change = new ParameterChange
        {
            Alpha = wire.HasAlpha ? wire.Alpha : null,
            SpikeProbability = wire.HasSpikeProbability ? wire.SpikeProbability : null,
            TuringThreshold = wire.HasTuringThreshold ? wire.TuringThreshold : null,
            JitterVariance = wire.HasJitterVarianceVoltsSquared ? wire.JitterVarianceVoltsSquared : null,
            ActivatorDiffusion = isEngine && wire.HasActivatorDiffusion ? wire.ActivatorDiffusion : null,
            InhibitorDiffusion = isEngine && wire.HasInhibitorDiffusion ? wire.InhibitorDiffusion : null,
            ActivatorRate = isEngine && wire.HasActivatorRate ? wire.ActivatorRate : null,
            InhibitorRate = isEngine && wire.HasInhibitorRate ? wire.InhibitorRate : null,
        };
        foreach (var problem in change.FindProblems(spec, SimulationWireExtensions.DoorRanges(spec.Variant, limits, allowUnstable: false)))
        {
            problems.Add($"{path}.{ParameterName(problem.Parameter)}", problem.Description);
        }

        var engineOnly = new[]
        {
            ("activator_diffusion", wire.HasActivatorDiffusion),
            ("inhibitor_diffusion", wire.HasInhibitorDiffusion),
            ("activator_rate", wire.HasActivatorRate),
            ("inhibitor_rate", wire.HasInhibitorRate),
        };
        foreach (var (name, _) in engineOnly.Where(parameter => parameter.Item2 && !isEngine))
        {
            problems.Add($"{path}.{name}", "must not be set unless the run's variant is SIMULATION_VARIANT_ENGINE");
        }

        return change;
    }

    private static RunCommand ToAction(this Wire.RunCommand wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        switch (wire.ActionCase)
        {
            case Wire.RunCommand.ActionOneofCase.Pause:
                return new RunCommand.Pause();
            case Wire.RunCommand.ActionOneofCase.Resume:
                return new RunCommand.Resume();
            case Wire.RunCommand.ActionOneofCase.TakeSteps:
                return problems.Check("command.take_steps.steps", wire.TakeSteps.Steps, CommandStepsRange)
                    ? new RunCommand.TakeSteps((int)wire.TakeSteps.Steps)
                    : new RunCommand.Pause();
            case Wire.RunCommand.ActionOneofCase.SetPace:
                return new RunCommand.SetPace(
                    RunWireExtensions.ToPace(wire.SetPace.HasStepsPerSecond, wire.SetPace.StepsPerSecond, "command.set_pace.steps_per_second", problems));
            case Wire.RunCommand.ActionOneofCase.Checkpoint:
                return new RunCommand.KeepCheckpoint();
            case Wire.RunCommand.ActionOneofCase.ChangeParameters:
                var count = problems.Count;
                var change = wire.ChangeParameters.ToChange("command.change_parameters", spec, limits, problems);
                if (change.IsEmpty && problems.Count == count)
                {
                    problems.Add("command.change_parameters", "must set at least one parameter");
                }

                return new RunCommand.ChangeState(change);
            case Wire.RunCommand.ActionOneofCase.AddPotential:
                return new RunCommand.ChangeState(wire.AddPotential.ToAddition(spec, problems));
            case Wire.RunCommand.ActionOneofCase.ReplacePotential:
                return new RunCommand.ChangeState(wire.ReplacePotential.ToReplacement(spec, limits, problems));
            case Wire.RunCommand.ActionOneofCase.AddToSpecies:
                return new RunCommand.ChangeState(wire.AddToSpecies.ToAddition(spec, problems));
            case Wire.RunCommand.ActionOneofCase.ReplaceSpecies:
                return new RunCommand.ChangeState(wire.ReplaceSpecies.ToReplacement(spec, limits, problems));
            default:
                problems.Add("command", "must have an action");
                return new RunCommand.Pause();
        }
    }

    private static FieldAddition ToAddition(this Wire.AddPotential wire, SimulationSpec spec, RequestProblems problems)
    {
        RefuseFor(spec.Pattern is not null, "command.add_potential", "with kinetics; use add_to_species", problems);
        problems.Check("command.add_potential.millivolts", wire.Millivolts, MillivoltRange);
        wire.Region.CheckWithin(spec.RowCount, spec.ColumnCount, "command.add_potential.region", problems);
        var region = wire.Region ?? new Wire.Region();
        return new FieldAddition(region.Row, region.Column, region.Rows, region.Columns, wire.Millivolts / MillivoltsPerVolt);
    }

    private static IncomingField? Declare(this Wire.Field wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        RefuseFor(spec.Pattern is not null, PotentialPath, "with kinetics; use replace_species", problems);
        return wire.DeclareLikeRun(PotentialPath, range: null, spec, limits, problems);
    }

    private static IncomingField? Declare(this Wire.ReplaceSpecies wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        RefuseFor(spec.Pattern is null, "command.replace_species", "without kinetics; use replace_potential", problems);
        return wire.Field.DeclareLikeRun(SpeciesPath, KineticsWireExtensions.ConcentrationRange, spec, limits, problems);
    }

    private static IncomingField? DeclareLikeRun(
        this Wire.Field? wire, string path, ParameterRange? range, SimulationSpec spec, LimitsOptions limits, RequestProblems problems)
    {
        var incoming = IncomingField.Declare(wire, path, limits, problems, memory: null, range);
        if (incoming is not null && (incoming.RowCount != spec.RowCount || incoming.ColumnCount != spec.ColumnCount))
        {
            problems.Add(path, $"must be {spec.RowCount} x {spec.ColumnCount} like the run, but was {incoming.RowCount} x {incoming.ColumnCount}");
        }

        return incoming;
    }

    private static FieldReplacement ToReplacement(this Wire.Field wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems) =>
        wire.Declare(spec, limits, problems).ToReplacement(wire, problems);

    private static FieldReplacement ToReplacement(this Wire.ReplaceSpecies wire, SimulationSpec spec, LimitsOptions limits, RequestProblems problems) =>
        wire.Declare(spec, limits, problems).ToReplacement(wire.Field, problems) with { Species = wire.Species.ToSpecies(SpeciesNamePath, spec, problems) };

    private static FieldReplacement ToReplacement(this IncomingField? incoming, Wire.Field? wire, RequestProblems problems)
    {
        incoming?.TakeAll(wire!.Values.Span, problems);
        return incoming?.Field is { } field ? new FieldReplacement([.. field.Cells]) : new FieldReplacement([]);
    }

    private static FieldAddition ToAddition(this Wire.AddToSpecies wire, SimulationSpec spec, RequestProblems problems)
    {
        const string Path = "command.add_to_species";
        RefuseFor(spec.Pattern is null, Path, "without kinetics; use add_potential", problems);
        problems.Check($"{Path}.amount", wire.Amount, KineticsWireExtensions.ConcentrationRange);
        wire.Region.CheckWithin(spec.RowCount, spec.ColumnCount, $"{Path}.region", problems);
        var region = wire.Region ?? new Wire.Region();
        return new FieldAddition(region.Row, region.Column, region.Rows, region.Columns, wire.Amount)
        {
            Species = wire.Species.ToSpecies($"{Path}.species", spec, problems),
        };
    }

    private static void CheckId(this Wire.RunCommand wire, RequestProblems problems)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(wire.CommandId) is 0 or > LongestCommandId)
        {
            problems.Add("command.command_id", $"must have 1 to {LongestCommandId} bytes, but was {CallersText.Quote(wire.CommandId)}");
        }
    }

    private static void RefuseFor(bool isRefused, string path, string reason, RequestProblems problems)
    {
        if (isRefused)
        {
            problems.Add(path, $"must not be sent to a run {reason}");
        }
    }

    private static string ParameterName(string parameter) => SimulationWireExtensions.WireName(parameter).Split('.')[^1];
}
