using Mfn.Core.Simulation;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>What is counted of the steps that are computed for something: the cells themselves, since looking for them costs more than counting.</summary>
/// <param name="Steps">Steps.</param>
/// <param name="CellSteps">Each times the cells of its field.</param>
internal sealed record StepMetrics(Counter.Child Steps, Counter.Child CellSteps)
{
    /// <summary>Counts steps of a field.</summary>
    public void Add(SimulationSpec spec, int count)
    {
        Steps.Inc(count);
        CellSteps.Inc((double)count * spec.CellCount);
    }
}
