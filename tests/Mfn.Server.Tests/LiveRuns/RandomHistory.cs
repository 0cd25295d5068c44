using Google.Protobuf;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using CorePrecision = Mfn.Core.Simulation.Precision;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;
using CoreVariant = Mfn.Core.Simulation.SimulationVariant;
using SimulationSpec = Mfn.Contracts.V1.SimulationSpec;

namespace Mfn.Server.Tests.LiveRuns;

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
        var isEngine = _random.Next(2) == 0;
        _spec = new SimulationSpec
        {
            Variant = isEngine ? SimulationVariant.Engine : SimulationVariant.Model,
            GridSize = _random.Next(4, 9),
            Seed = _random.Next(1000),
            SpikeProbability = _random.NextDouble(),
            TuringEnabled = _random.Next(2) == 0,
            JitterEnabled = _random.Next(2) == 0,
            Precision = _random.Next(3) == 0 ? Precision.Binary32 : Precision.Binary64,
        };
        using var simulation = new SteeredSimulation(ToCore(_spec));
        Add(simulation, isEdit: false);
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
        States.Where(state => state.Step >= fromStep && (state.IsEdit || state.Step == fromStep || state.Step % everyNSteps == 0));

    private RunCommand Draw(SteeredSimulation simulation, string id)
    {
        var command = new RunCommand { CommandId = id };
        switch (_random.Next(5))
        {
            case 0:
                var alpha = 0.06 + (0.18 * _random.NextDouble());
                simulation.Apply(new ParameterChange { Alpha = alpha });
                command.ChangeParameters = new ChangeParameters { Alpha = alpha };
                break;
            case 1:
                var (row, column) = (_random.Next(_spec.GridSize), _random.Next(_spec.GridSize));
                var (rows, columns) = (_random.Next(1, _spec.GridSize - row + 1), _random.Next(1, _spec.GridSize - column + 1));
                var millivolts = _random.Next(-30, 31);
                simulation.Apply(new PotentialAddition(row, column, rows, columns, millivolts / 1000.0));
                command.AddPotential = new AddPotential
                {
                    Region = new Region { Row = row, Column = column, Rows = rows, Columns = columns },
                    Millivolts = millivolts,
                };
                Add(simulation, isEdit: true);
                break;
            case 2:
                var cells = Enumerable.Range(0, _spec.GridSize * _spec.GridSize).Select(_ => -0.09 + (0.12 * _random.NextDouble())).ToArray();
                simulation.Apply(new PotentialReplacement([.. cells]));
                command.ReplacePotential = new Field
                {
                    Rows = _spec.GridSize,
                    Columns = _spec.GridSize,
                    Encoding = FieldEncoding.Float64,
                    Values = ByteString.CopyFrom([.. cells.SelectMany(BitConverter.GetBytes)]),
                };
                Add(simulation, isEdit: true);
                break;
            default:
                var count = _random.Next(1, 40);
                for (var i = 0; i < count; i++)
                {
                    simulation.Advance(1);
                    Add(simulation, isEdit: false);
                }

                command.TakeSteps = new TakeSteps { Steps = count };
                break;
        }

        return command;
    }

    private void Add(SteeredSimulation simulation, bool isEdit) =>
        States.Add(new HistoryState(simulation.Step, simulation.Revision, isEdit, simulation.Engine.Potential.ToArray()));

    private static CoreSpec ToCore(SimulationSpec wire) => new()
    {
        Variant = wire.Variant == SimulationVariant.Engine ? CoreVariant.Engine : CoreVariant.Model,
        GridSize = wire.GridSize,
        Seed = (ulong)wire.Seed,
        SpikeProbability = wire.SpikeProbability,
        IsTuringEnabled = wire.TuringEnabled,
        IsJitterEnabled = wire.JitterEnabled,
        Precision = wire.Precision == Precision.Binary32 ? CorePrecision.Binary32 : CorePrecision.Binary64,
    };
}

/// <summary>A run after a step, or after a command that edits the potential there.</summary>
internal sealed record HistoryState(long Step, long Revision, bool IsEdit, double[] Volts);
