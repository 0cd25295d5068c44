namespace Mfn.Server.Frames;

/// <summary>The memory for the frames of live runs is taken: the frame at hand is not made.</summary>
internal sealed class BacklogMemoryException() : Exception("The memory for frames that wait for watchers is taken.");
