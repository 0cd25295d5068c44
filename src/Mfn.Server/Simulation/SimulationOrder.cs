using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>What to run, and what its owner wants of it.</summary>
/// <param name="Spec">The simulation; valid.</param>
/// <param name="Analysis">What to find out about its fields.</param>
/// <param name="Frames">The frames that the owner reads while it runs; none if null.</param>
/// <param name="ResultEncoding">The encoding of the result's fields.</param>
/// <param name="Species">The fields that frames and result have, of which the analysis follows the first.</param>
/// <param name="InitialFields">The caller's fields of step 0.</param>
internal sealed record SimulationOrder(
    SimulationSpec Spec, AnalysisPlan Analysis, FramePlan? Frames, CellEncoding ResultEncoding, ImmutableArray<int> Species, InitialFields InitialFields)
{
    /// <summary>The field that is analysed: of the reference always the potential.</summary>
    public int AnalysedSpecies => Spec.Pattern is null ? 0 : Species[0];
}
