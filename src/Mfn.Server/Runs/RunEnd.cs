namespace Mfn.Server.Runs;

/// <summary>Why a run has ended, for its watchers.</summary>
/// <param name="Reason">The kind of reason.</param>
/// <param name="Detail">The reason in words; empty if there is nothing to add.</param>
internal sealed record RunEnd(RunEndReason Reason, string Detail = "");
