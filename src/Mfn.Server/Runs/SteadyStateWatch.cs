using Mfn.Core.Steering;

namespace Mfn.Server.Runs;

/// <summary>Looks now and then at how much one step changes the potential.</summary>
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

        var potential = simulation.Engine.Potential;
        if (_before.Length != potential.Length)
        {
            _before = new double[potential.Length];
        }

        potential.CopyTo(_before);
        _beforeStep = simulation.Step;
    }

    /// <summary>To be called after steps: whether the last one was looked at and changed no cell by more than the tolerance.</summary>
    public bool IsSteady(SteeredSimulation simulation)
    {
        if (_beforeStep != simulation.Step - 1)
        {
            return false;
        }

        var potential = simulation.Engine.Potential;
        for (var i = 0; i < potential.Length; i++)
        {
            if (Math.Abs(potential[i] - _before[i]) > rule.ToleranceVolts)
            {
                return false;
            }
        }

        return true;
    }
}
