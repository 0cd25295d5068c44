using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>How often a watcher gets frames, and of what format.</summary>
internal sealed record WatchQuality(int EveryNSteps, FrameFormat Format);
