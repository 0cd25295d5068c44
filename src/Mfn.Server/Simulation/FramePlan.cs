using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>Which frames the owner of a run gets: one after every n-th step and one after the last.</summary>
/// <param name="EveryNSteps">The steps from one frame to the next; at least 1.</param>
/// <param name="Encoding">The encoding of the frames' fields.</param>
/// <param name="HasAnalysis">Whether frames bring what the run's analysis has found so far.</param>
internal readonly record struct FramePlan(int EveryNSteps, CellEncoding Encoding, bool HasAnalysis)
{
    /// <summary>How many there are.</summary>
    public int CountIn(int stepCount) => (stepCount / EveryNSteps) + (stepCount % EveryNSteps == 0 ? 0 : 1);

    public bool IsDue(int step, int stepCount) => step % EveryNSteps == 0 || step == stepCount;
}
