namespace Mfn.Server.Logging;

/// <summary>When a message is logged, and what its reader should do: docs/logging.md has it from here.</summary>
/// <param name="meaning">In Markdown, sentences.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LogMeaningAttribute(string meaning) : Attribute
{
    public string Meaning { get; } = meaning;
}
