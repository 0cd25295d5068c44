using Mfn.Core.Simulation;

namespace Mfn.Server.Tests.Runs;

/// <summary>An engine of kinetics that is restored with other values between two steps.</summary>
internal sealed class ChangedEngine(SimulationSpec spec) : IDisposable
{
    private SimulationEngine _engine = new(spec);

    public int Step => _engine.Step;

    public IEnumerable<double> Fields => Enumerable.Range(0, _engine.SpeciesCount).SelectMany(species => _engine.Species(species).ToArray());

    public IReadOnlyList<double> Values => _engine.Spec.Pattern!.Kinetics.Values;

    /// <summary>Takes steps; returns the cells of all species.</summary>
    public double[] Advance(int stepCount)
    {
        _engine.Advance(stepCount);
        return [.. Fields];
    }

    /// <summary>Gives a parameter another value; returns whether that makes a difference within so many steps.</summary>
    public bool ChangesSomething(string symbol, double value, int stepCount)
    {
        var (before, state, pattern) = (_engine.Spec, _engine.Capture(), _engine.Spec.Pattern!);
        _engine.Dispose();
        _engine = SimulationEngine.Restore(before with { Pattern = pattern with { Kinetics = pattern.Kinetics.With(symbol, value) } }, state);
        using var unchanged = SimulationEngine.Restore(before, state);
        using var changed = SimulationEngine.Restore(_engine.Spec, state);
        unchanged.Advance(stepCount);
        changed.Advance(stepCount);
        return !unchanged.Capture().Species.Zip(changed.Capture().Species).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second.AsSpan()));
    }

    public void Dispose() => _engine.Dispose();
}
