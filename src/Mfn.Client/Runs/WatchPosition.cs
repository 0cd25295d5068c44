using Google.Protobuf;

namespace Mfn.Client.Runs;

/// <summary>Where a watcher is in what it is sent.</summary>
/// <param name="Epoch">The run's timeline.</param>
/// <param name="Sequence">Position among the messages that the watcher was sent. Heartbeats have one too, so that events may leave some out.</param>
/// <param name="Step">The step that the event tells about.</param>
/// <param name="Revision">The run's revision that the event tells about.</param>
/// <param name="Token">Resumes after this event, in this process or another: <see cref="Contracts.V1.WatchRunRequest.ResumeToken"/>.</param>
public readonly record struct WatchPosition(ulong Epoch, long Sequence, long Step, long Revision, ByteString Token);
