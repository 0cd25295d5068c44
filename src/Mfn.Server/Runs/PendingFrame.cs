using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>What the watchers of one format are still to get, in its order: a frame, frames that they miss, or the end.</summary>
/// <param name="Sequence">Where it stands among all that the run has brought: who came later does not get it.</param>
/// <param name="FirstStep">Of the frames.</param>
/// <param name="LastStep">Of the frames.</param>
internal sealed record PendingFrame(long Sequence, int FirstStep, int LastStep)
{
    /// <summary>The state to make the frame of, which this holds; none if the frames are missed.</summary>
    public StateCopy? State { get; set; }

    /// <summary>Whether the frame is due for all, whatever its step.</summary>
    public bool IsForAll { get; init; }

    /// <summary>Those who begin with this frame, for whom alone it is.</summary>
    public List<Watcher>? Beginners { get; init; }

    /// <summary>The end, instead of a frame.</summary>
    public RunEnd? End { get; init; }

    /// <summary>Whether there is no frame to make.</summary>
    public bool IsMissed => State is null && End is null;

    /// <summary>How many frames are due for who gets every n-th step.</summary>
    public int CountDue(int everyNSteps) => IsForAll ? 1 : (LastStep / everyNSteps) - ((FirstStep - 1) / everyNSteps);
}
