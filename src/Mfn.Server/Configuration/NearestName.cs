namespace Mfn.Server.Configuration;

/// <summary>Finds what somebody may have meant by a name that is not known.</summary>
public static class NearestName
{
    /// <summary>The known names that take the fewest changes to get from the wrong one, if those are few for its length.</summary>
    /// <param name="wrong">The name that is not known.</param>
    /// <param name="known">The names that are.</param>
    /// <returns>None if no name is near; several if they are equally near. The case of letters does not matter.</returns>
    public static IReadOnlyList<string> Find(string wrong, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(wrong);
        var most = Math.Max(1, wrong.Length / 3);
        var ranked = (from name in known.Distinct()
                      let distance = Distance(wrong.ToUpperInvariant(), name.ToUpperInvariant())
                      where distance <= most && distance < name.Length
                      orderby distance, name
                      select (name, distance)).ToArray();
        return [.. ranked.TakeWhile(each => each.distance == ranked[0].distance).Select(each => each.name)];
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that make one text of another (the optimal string alignment distance).</summary>
    public static int Distance(string from, string to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
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
