using Mfn.Contracts.V1;
using Mfn.Core.Steering;

namespace Mfn.Server.Tests.Runs;

/// <summary>
/// A run with a random spec and random commands, and what it must be: computed here step by step, without history, checkpoints or watchers.
/// </summary>
internal sealed class RandomHistory
{
    private readonly Random _random;
    private readonly SimulationSpec _spec;

    public RandomHistory(int seed)
    {
        _random = new Random(seed);
        _spec = RandomSpec.Draw(_random);
        using var simulation = new SteeredSimulation(RandomSpec.ToCore(_spec));
        Add(simulation, StateCause.Step);
        var operationCount = _random.Next(1, 8);
        for (var i = 0; i < operationCount; i++)
        {
            Commands.Add(Draw(simulation, $"command-{i}"));
        }

        Identity = [.. simulation.Identity];
    }

    /// <summary>In the order to be sent; each takes effect before the next is sent.</summary>
    public List<RunCommand> Commands { get; } = [];

    /// <summary>Every state that a watcher of every step may get.</summary>
    public List<HistoryState> States { get; } = [];

    public byte[] Identity { get; }

    public long LastStep => States[^1].Step;

    public CreateRunRequest Create(long historySteps = 1000) => new()
    {
        Spec = _spec,
        Paused = true,
        Stop = new StopCondition { Never = true },
        HistorySteps = historySteps,
    };

    /// <summary>The states that a watcher of every n-th step gets from a position on.</summary>
    public IEnumerable<HistoryState> Due(int everyNSteps, long fromStep = 0) =>
        States.Where(state => state.Step >= fromStep && (state.Step == fromStep || state.IsDue(everyNSteps)));

    private RunCommand Draw(SteeredSimulation simulation, string id)
    {
        if (_random.Next(5) < 3)
        {
            var change = RandomCommand.Change(_random, _spec.GridSize, id);
            simulation.Apply(NaiveRun.ChangeOf(change)!);
            if (change.ChangeParameters is null)
            {
                Add(simulation, StateCause.Edit);
            }

            return change;
        }

        var count = _random.Next(1, 40);
        for (var i = 0; i < count; i++)
        {
            simulation.Advance(1);
            Add(simulation, StateCause.Step);
        }

        return new RunCommand { CommandId = id, TakeSteps = new TakeSteps { Steps = count } };
    }

    private void Add(SteeredSimulation simulation, StateCause cause) =>
        States.Add(new HistoryState(simulation.Step, simulation.Revision, cause, simulation.Engine.Potential.ToArray()));
}
