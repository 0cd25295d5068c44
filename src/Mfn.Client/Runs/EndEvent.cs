using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>The run has ended, or has been deleted. Nothing follows.</summary>
/// <param name="Position">Where the watcher is with it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The reason in words; empty if there is nothing to add.</param>
/// <param name="Identity">The run's identity at its end.</param>
public sealed record EndEvent(WatchPosition Position, EndReason Reason, string Detail, ByteString Identity) : WatchEvent(Position);
