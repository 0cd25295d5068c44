using Mfn.Core.Steering;

namespace Mfn.Server.Runs;

/// <summary>Looks now and then at how much one step changes the fields.</summary>
internal sealed class SteadyStateWatch(StopRule.SteadyState rule)
{
    private double[] _before = [];
    private int _beforeStep = -1;

    /// <summary>The steps that may be taken at once, so that <see cref="Before"/> and <see cref="IsSteady"/> see the step to look at.</summary>
    public int StepsUntilDue(int step)
    {
        var untilLook = rule.EveryNSteps - (step % rule.EveryNSteps);
        return untilLook == 1 ? 1 : untilLook - 1;
    }

    /// <summary>To be called before steps.</summary>
    public void Before(SteeredSimulation simulation)
    {
        if ((simulation.Step + 1L) % rule.EveryNSteps != 0)
        {
            return;
        }

        var (engine, count) = (simulation.Engine, SpeciesCompared(simulation));
        for (var species = 0; species < count; species++)
        {
            var cells = engine.Species(species);
            if (_before.Length != count * cells.Length)
            {
                _before = new double[count * cells.Length];
            }

            cells.CopyTo(_before.AsSpan(species * cells.Length));
        }

        _beforeStep = simulation.Step;
    }

    /// <summary>To be called after steps: whether the last one was looked at and changed no cell by more than the tolerance.</summary>
    public bool IsSteady(SteeredSimulation simulation)
    {
        if (_beforeStep != simulation.Step - 1)
        {
            return false;
        }

        for (var species = 0; species < SpeciesCompared(simulation); species++)
        {
            var cells = simulation.Engine.Species(species);
            var before = _before.AsSpan(species * cells.Length);
            for (var i = 0; i < cells.Length; i++)
            {
                if (Math.Abs(cells[i] - before[i]) > rule.Tolerance)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>All species of kinetics; of the reference the potential alone.</summary>
    private static int SpeciesCompared(SteeredSimulation simulation) => simulation.Spec.Pattern is null ? 1 : simulation.Engine.SpeciesCount;
}
