using Mfn.Server.Configuration;

namespace Mfn.Cli.Flags;

/// <summary>What somebody may have meant.</summary>
internal static class Suggestion
{
    private const int MostSuggested = 3;

    /// <summary>The known words that are nearest to a wrong one, or that it begins, in words of the caller; empty if there are none.</summary>
    public static string For(string wrong, IReadOnlyCollection<string> known, Func<string, string> tell)
    {
        var bare = wrong.TrimStart('-');
        string[] begun = bare.Length > 1 ? [.. known.Where(word => word.TrimStart('-').StartsWith(bare, StringComparison.OrdinalIgnoreCase))] : [];
        var nearest = begun.Length > 0 ? begun : [.. NearestName.Find(bare, known.Select(word => word.TrimStart('-')))];
        var words = nearest.Select(name => known.First(word => word.TrimStart('-') == name.TrimStart('-'))).Take(MostSuggested).ToArray();
        return words.Length == 0 ? "" : tell(Words.Or(words));
    }
}
