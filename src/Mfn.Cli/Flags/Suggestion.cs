namespace Mfn.Cli.Flags;

/// <summary>What somebody may have meant.</summary>
internal static class Suggestion
{
    private const int MostSuggested = 3;

    /// <summary>The known words that are nearest to a wrong one, in words of the caller; empty if none is near.</summary>
    public static string For(string wrong, IEnumerable<string> known, Func<string, string> tell)
    {
        var nearest = Nearest(wrong, known);
        return nearest.Count == 0 ? "" : tell(Words.Or(nearest));
    }

    /// <summary>The known words that take the fewest changes to get from the wrong one, if those are few for its length, or that it begins.</summary>
    public static IReadOnlyList<string> Nearest(string wrong, IEnumerable<string> known)
    {
        var bare = wrong.TrimStart('-');
        var most = Math.Max(1, bare.Length / 3);
        var ranked = (from word in known.Distinct()
                      let name = word.TrimStart('-')
                      let distance = bare.Length > 1 && name.StartsWith(bare, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(bare.ToLowerInvariant(), name.ToLowerInvariant())
                      where distance <= most && distance < name.Length
                      orderby distance, word
                      select (word, distance)).ToArray();
        return [.. ranked.TakeWhile(each => each.distance == ranked[0].distance).Take(MostSuggested).Select(each => each.word)];
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (the optimal string alignment distance).</summary>
    public static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                var replaced = table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replaced, 1 + Math.Min(table[i - 1, j], table[i, j - 1]));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[from.Length, to.Length];
    }
}
