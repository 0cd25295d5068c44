namespace Mfn.Cli.Completion;

/// <summary>A word that can be completed to, and what it is for.</summary>
internal readonly record struct Candidate(string Value, string Description);
