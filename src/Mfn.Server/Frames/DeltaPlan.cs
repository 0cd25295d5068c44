namespace Mfn.Server.Frames;

/// <summary>Which frames of a watched run have deltas.</summary>
/// <param name="EveryNSteps">The steps from one frame to the next; at least 1.</param>
/// <param name="KeyFrameInterval">Every n-th multiple of that is a key frame, which has no delta; at least 2.</param>
internal readonly record struct DeltaPlan(int EveryNSteps, int KeyFrameInterval)
{
    /// <summary>The plan of a request; null if it asks for no deltas, so that its frames are shared whatever their steps are.</summary>
    public static DeltaPlan? Of(int everyNSteps, int keyFrameInterval) => keyFrameInterval > 1 ? new DeltaPlan(everyNSteps, keyFrameInterval) : null;

    /// <summary>Whether the frame after a step builds on no other.</summary>
    public bool IsKeyFrame(int step) => step % ((long)EveryNSteps * KeyFrameInterval) == 0;

    /// <summary>Whether a frame after the one of <paramref name="baseStep"/> should have come before <paramref name="step"/>.</summary>
    public bool HasFrameBetween(int baseStep, int step) => step > ((long)(baseStep / EveryNSteps) + 1) * EveryNSteps;
}
