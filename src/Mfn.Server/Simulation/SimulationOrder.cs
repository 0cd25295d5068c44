using Mfn.Core.Simulation;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>What to run, and what its owner wants of it.</summary>
/// <param name="Spec">The simulation; valid.</param>
/// <param name="Analysis">What to find out about its fields.</param>
/// <param name="Frames">The frames that the owner reads while it runs; none if null.</param>
/// <param name="ResultEncoding">The encoding of the result's field.</param>
internal sealed record SimulationOrder(SimulationSpec Spec, AnalysisPlan Analysis, FramePlan? Frames, CellEncoding ResultEncoding);
