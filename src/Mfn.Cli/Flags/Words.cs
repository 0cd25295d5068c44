namespace Mfn.Cli.Flags;

/// <summary>Lists in sentences.</summary>
internal static class Words
{
    /// <summary>"a, b or c".</summary>
    public static string Or(IReadOnlyCollection<string> words) => words.Count < 2
        ? string.Concat(words)
        : $"{string.Join(", ", words.SkipLast(1))} or {words.Last()}";
}
