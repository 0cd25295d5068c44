namespace Mfn.Server.Frames;

/// <summary>How a frame's field differs from that of the frame before; valid as long as the frame is held.</summary>
/// <param name="BaseStep">The step of the frame that it builds on.</param>
/// <param name="BaseRevision">The run's revision of the frame that it builds on.</param>
/// <param name="Differences">The compressed differences.</param>
internal readonly record struct FrameDelta(int BaseStep, long BaseRevision, SharedPayload Differences);
