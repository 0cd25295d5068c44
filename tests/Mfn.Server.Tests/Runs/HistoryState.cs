namespace Mfn.Server.Tests.Runs;

/// <summary>A run between two changes of its state.</summary>
internal sealed record HistoryState(long Step, long Revision, StateCause Cause, double[] Volts)
{
    /// <summary>Whether everybody who watches every n-th step gets a frame of it.</summary>
    public bool IsDue(long everyNSteps) => Cause == StateCause.Edit || (Cause == StateCause.Step && Step % everyNSteps == 0);
}
