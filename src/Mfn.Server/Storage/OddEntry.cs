namespace Mfn.Server.Storage;

/// <summary>An entry beside the runs that is none.</summary>
/// <param name="Name">Its name, without characters that a terminal would obey, and cut off where it is long.</param>
/// <param name="MeantId">The run that it seems to have been; null if its name says nothing of one.</param>
/// <param name="Problem">What keeps it from being a run: a sentence.</param>
internal sealed record OddEntry(string Name, RunId? MeantId, string Problem);
