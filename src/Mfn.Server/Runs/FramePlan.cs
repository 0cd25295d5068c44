namespace Mfn.Server.Runs;

/// <summary>Which frames the owner of a run gets: one after every n-th step and one after the last, with or without the field.</summary>
internal readonly record struct FramePlan(int EveryNSteps, CellEncoding Encoding)
{
    public bool IsDue(int step, int stepCount) => step % EveryNSteps == 0 || step == stepCount;
}
