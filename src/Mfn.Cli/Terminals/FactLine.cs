namespace Mfn.Cli.Terminals;

/// <summary>
/// Short facts in lines no longer than a window is wide. A fact is whole or left out, unless it stands alone and is too long. What would move the
/// cursor in one, which may be a server's words, is a blank.
/// </summary>
internal static class FactLine
{
    private const string Gap = "  ";

    /// <summary>As many of the facts as fit into one line, the first ones before the later ones.</summary>
    public static string Fit(int width, params IEnumerable<string> facts)
    {
        var line = "";
        foreach (var fact in facts.Where(fact => fact.Length > 0).Select(Plain))
        {
            var longer = line.Length == 0 ? Cut(fact, width) : line + Gap + fact;
            line = longer.Length <= width ? longer : line;
        }

        return line;
    }

    /// <summary>The facts in order, in so many lines at most.</summary>
    public static IReadOnlyList<string> Flow(int width, int most, params IEnumerable<string> facts)
    {
        var lines = new List<string>();
        foreach (var fact in facts.Where(fact => fact.Length > 0).Select(Plain))
        {
            if (lines.Count > 0 && lines[^1].Length + Gap.Length + fact.Length <= width)
            {
                lines[^1] += Gap + fact;
            }
            else if (lines.Count < most)
            {
                lines.Add(Cut(fact, width));
            }
        }

        return lines;
    }

    /// <summary>The first of some ways to say it that fits; the beginning of the last if none does.</summary>
    public static string First(int width, params IReadOnlyList<string> ways) =>
        Plain(ways.FirstOrDefault(way => way.Length <= width) ?? Cut(ways[^1], width));

    private static string Plain(string text) => string.Create(text.Length, text, (plain, given) =>
    {
        given.CopyTo(plain);
        foreach (ref var character in plain)
        {
            character = char.IsControl(character) ? ' ' : character;
        }
    });

    private static string Cut(string text, int width) => text[..Math.Clamp(width, 0, text.Length)];
}
