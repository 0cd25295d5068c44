using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;
using Mfn.Core.Specs;

namespace Mfn.Cli.Runs;

/// <summary>The options that say how a new run goes on: how fast, until when, and how much of it is kept.</summary>
internal sealed class LifeOptions
{
    private static readonly ParameterRange ConcentrationRange = new(0, 1e9);

    private readonly Option<long?> _stopAfter = NumberOption.Create<long>("--stop-after", "STEP", "Stop after this step.").Fills("stop.after_step").AtLeast(1);
    private readonly Option<double?> _untilSteady = NumberOption.Create<double>("--until-steady", "MV", "Stop when a step changes no cell by more than so many mV: 0 to 1000.").Fills("tolerance_millivolts").Within(0, 1000);
    private readonly Option<double?> _untilSpeciesSteady = NumberOption.Create<double>("--until-species-steady", "X", "With kinetics: stop when a step changes no concentration by more than this: 0 to 1e9.").Fills("steady_state.tolerance").Within(ConcentrationRange);
    private readonly Option<int?> _steadyEvery = NumberOption.Create<int>("--steady-every", "N", "Look at that every N-th step: 1 to 10000. Default: 10.").Fills("steady_state.every_n_steps").Within(1, 10000);
    private readonly Option<bool> _forever = new Option<bool>("--forever") { Description = "Do not stop." }.Fills("stop.never");

    /// <summary>Steps a second at most.</summary>
    public Option<double?> Pace { get; } = NumberOption.Create<double>("--pace", "X", "Steps a second at most: 0.001 to 1000000. Default: as fast as possible; of a fork, as its parent.").Fills("steps_per_second").Within(0.001, 1000000);

    /// <summary>How many of the latest steps are kept.</summary>
    public Option<long?> History { get; } = NumberOption.Create<long>("--history", "N", "Steps that the run can be watched and forked from: 0 to 1000000. Default: 1000; of a fork, as its parent.").Fills("history_steps").Within(0, 1000000);

    /// <summary>Whether the run begins paused.</summary>
    public Option<bool> Paused { get; } = new Option<bool>("--paused") { Description = "Begin paused." }.Fills("paused");

    private readonly Option<string?> _name = new Option<string?>("--name")
    {
        Description = "Name that stands for the id while the run is there: 1 to 63 of a-z, 0-9 and '-', the first a letter.",
        HelpName = "NAME",
    }.Fills("name");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _name, Pace, _stopAfter, _untilSteady, _untilSpeciesSteady, _steadyEvery, _forever, History, Paused })
        {
            command.Add(option);
        }
    }

    /// <summary>Hands the name on if one was given.</summary>
    public void ReadName(ParseResult arguments, Action<string> assign)
    {
        if (arguments.GetValue(_name) is { } name)
        {
            assign(name);
        }
    }

    /// <summary>When to stop; none if the arguments do not say.</summary>
    /// <exception cref="BadArgumentsException">They say it twice, or how often without --until-steady.</exception>
    public StopCondition? ReadStop(ParseResult arguments)
    {
        var (after, steady, still, forever) = (arguments.GetValue(_stopAfter), arguments.GetValue(_untilSteady), arguments.GetValue(_untilSpeciesSteady), arguments.GetValue(_forever));
        if ((after is null ? 0 : 1) + (steady is null ? 0 : 1) + (still is null ? 0 : 1) + (forever ? 1 : 0) > 1)
        {
            throw new BadArgumentsException("--stop-after, --until-steady, --until-species-steady and --forever exclude one another.");
        }

        if (arguments.GetValue(_steadyEvery) is not null && steady is null && still is null)
        {
            throw new BadArgumentsException("--steady-every is only for --until-steady and --until-species-steady.");
        }

        if (after is { } step)
        {
            return new StopCondition { AfterStep = step };
        }

        if (forever)
        {
            return new StopCondition { Never = true };
        }

        if (steady is null && still is null)
        {
            return null;
        }

        if (still is { } change && !ConcentrationRange.Contains(change))
        {
            throw new BadArgumentsException(string.Create(CultureInfo.InvariantCulture, $"{_untilSpeciesSteady.Name} must be {ConcentrationRange}, but was {change}."));
        }

        var state = new SteadyState();
        arguments.Apply(_untilSteady, value => state.ToleranceMillivolts = value);
        arguments.Apply(_untilSpeciesSteady, value => state.Tolerance = value);
        arguments.Apply(_steadyEvery, value => state.EveryNSteps = value);
        return new StopCondition { SteadyState = state };
    }
}
