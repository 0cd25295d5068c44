namespace Mfn.Server.Configuration;

/// <summary>The server does not start with these settings.</summary>
/// <param name="problems">Everything that is wrong with them, a sentence each, in the words of whoever gave them.</param>
public sealed class InvalidSettingsException(IReadOnlyList<string> problems) : Exception(string.Join(' ', problems))
{
    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
