using System.Collections.Immutable;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;

namespace Mfn.Server.Tests.Runs;

/// <summary>What a run must be: computed step by step from its spec and its acknowledged commands, without history, checkpoints or watchers.</summary>
internal sealed class NaiveRun(CoreSpec spec, IEnumerable<(RunCommand Command, Applied Applied)> acknowledged) : IDisposable
{
    private readonly SteeredSimulation _simulation = new(spec);

    public (long Step, long Revision) Position => (_simulation.Step, _simulation.Revision);

    public ImmutableArray<byte> Identity => _simulation.Identity;

    /// <summary>What a command changes; null if it leaves the state as it is.</summary>
    public static StateChange? ChangeOf(RunCommand command) => command.ActionCase switch
    {
        RunCommand.ActionOneofCase.ChangeParameters => new ParameterChange { Alpha = command.ChangeParameters.Alpha },
        RunCommand.ActionOneofCase.AddPotential when command.AddPotential is var add =>
            new FieldAddition(add.Region.Row, add.Region.Column, add.Region.Rows, add.Region.Columns, add.Millivolts / 1000.0),
        RunCommand.ActionOneofCase.ReplacePotential =>
            new FieldReplacement([.. command.ReplacePotential.Values.ToByteArray().Chunk(sizeof(double)).Select(cell => BitConverter.ToDouble(cell))]),
        _ => null,
    };

    /// <summary>Every state up to a step, in order; to be enumerated once. Fails where a command was not acknowledged at its place.</summary>
    public IEnumerable<HistoryState> StatesTo(long lastStep)
    {
        yield return State(StateCause.Step);
        var changes = acknowledged.Where(one => ChangeOf(one.Command) is not null).DistinctBy(one => one.Command.CommandId).OrderBy(one => one.Applied.Revision);
        foreach (var (command, applied) in changes)
        {
            foreach (var state in AdvanceTo(applied.Step))
            {
                yield return state;
            }

            _simulation.Apply(ChangeOf(command)!);
            Assert.Equal((applied.Step, applied.Revision), Position);
            yield return State(command.ChangeParameters is null ? StateCause.Edit : StateCause.Parameters);
        }

        foreach (var state in AdvanceTo(lastStep))
        {
            yield return state;
        }
    }

    public void Dispose() => _simulation.Dispose();

    private IEnumerable<HistoryState> AdvanceTo(long step)
    {
        while (_simulation.Step < step)
        {
            _simulation.Advance(1);
            yield return State(StateCause.Step);
        }
    }

    private HistoryState State(StateCause cause) => new(_simulation.Step, _simulation.Revision, cause, _simulation.Engine.Potential.ToArray());
}
