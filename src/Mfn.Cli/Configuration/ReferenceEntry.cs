namespace Mfn.Cli.Configuration;

/// <summary>What became of a value of the reference's configuration.</summary>
/// <param name="From">Where it stood, such as <c>limits.max_steps</c>.</param>
/// <param name="Value">The value as JSON.</param>
/// <param name="Outcome">Whether it is used.</param>
/// <param name="To">The setting or option that has it; null if none does.</param>
/// <param name="Note">Why, or how it was changed; empty if there is nothing to say.</param>
internal sealed record ReferenceEntry(string From, string Value, ReferenceOutcome Outcome, string? To, string Note);
