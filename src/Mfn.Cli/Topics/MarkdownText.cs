using System.Text;
using System.Text.RegularExpressions;

namespace Mfn.Cli.Topics;

/// <summary>Makes plain text for a terminal of what the documentation's pages use of Markdown.</summary>
internal static partial class MarkdownText
{
    private const string Gap = "  ";
    private const string Indentation = "    ";

    // Columns narrower than this wrap into towers of single words.
    private const int NarrowestLastColumn = 30;

    /// <summary>The section under a heading, to the next heading of its level or a higher one, without the comments that are for tools. The page's own title has what comes before the first section.</summary>
    /// <exception cref="InvalidOperationException">The page does not have the heading.</exception>
    public static string Section(string page, string heading)
    {
        var lines = page.ReplaceLineEndings("\n").Split('\n');
        var isCode = false;
        var start = -1;
        for (var i = 0; i < lines.Length; i++)
        {
            isCode ^= lines[i].StartsWith("```", StringComparison.Ordinal);
            if (isCode || HeadingLine().Match(lines[i]) is not { Success: true } match)
            {
                continue;
            }

            if (start >= 0 && (match.Groups[1].Length <= Level(lines[start]) || Level(lines[start]) == 1))
            {
                return string.Join('\n', lines[start..i]);
            }

            if (start < 0 && match.Groups[2].Value == heading)
            {
                start = i;
            }
        }

        return start >= 0 ? string.Join('\n', lines[start..]) : throw new InvalidOperationException($"There is no heading '{heading}'.");
    }

    /// <summary>The text, in lines of at most the width where words and code allow it.</summary>
    public static string Render(string markdown, int width)
    {
        var output = new StringBuilder();
        var lines = markdown.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length;)
        {
            var line = lines[i];
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                for (i++; lines[i] != "```"; i++)
                {
                    output.Append($"{Indentation}{lines[i]}".TrimEnd()).Append('\n');
                }

                output.Append('\n');
                i++;
            }
            else if (HeadingLine().Match(line) is { Success: true } heading)
            {
                output.Append(Plain(heading.Groups[2].Value).ToUpperInvariant()).Append("\n\n");
                i++;
            }
            else if (line.StartsWith('|'))
            {
                var rows = Take(row => row.StartsWith('|')).Where(row => !RuleLine().IsMatch(row)).Select(Cells).ToArray();
                AppendTable(output, rows, width);
                output.Append('\n');
            }
            else if (line.Length == 0 || CommentLine().IsMatch(line))
            {
                i++;
            }
            else
            {
                var marker = ItemStart().Match(line).Value;
                i++;
                var text = string.Join(' ', Take(next => next.Length > 0 && !ItemStart().IsMatch(next) && !next.StartsWith("```", StringComparison.Ordinal)).Prepend(line[marker.Length..]).Select(part => part.Trim()));
                Append(output, Plain(text), marker, new string(' ', marker.Length), width);
                if (i >= lines.Length || !ItemStart().IsMatch(lines[i]))
                {
                    output.Append('\n');
                }
            }

            List<string> Take(Func<string, bool> belongs)
            {
                var taken = new List<string>();
                for (; i < lines.Length && belongs(lines[i]); i++)
                {
                    taken.Add(lines[i]);
                }

                return taken;
            }
        }

        return output.ToString().TrimEnd('\n') + "\n";
    }

    private static int Level(string heading) => heading.Length - heading.TrimStart('#').Length;

    private static string[] Cells(string row) => [.. CellBorder().Split(row.Trim().Trim('|')).Select(cell => Plain(cell.Trim().Replace("\\|", "|", StringComparison.Ordinal)))];

    /// <summary>Columns, of which the last is wrapped; where it would be too narrow, a paragraph for each row, under its first cell.</summary>
    private static void AppendTable(StringBuilder output, string[][] rows, int width)
    {
        var count = rows.Max(row => row.Length);
        var widths = Enumerable.Range(0, count).Select(column => rows.Max(row => row.ElementAtOrDefault(column)?.Length ?? 0)).ToArray();
        var before = widths[..^1].Sum(column => column + Gap.Length);
        // A table without titles has a first row of empty cells.
        var hasTitles = rows[0].Any(cell => cell.Length > 0);
        if (before + Math.Min(NarrowestLastColumn, widths[^1]) <= width)
        {
            foreach (var row in hasTitles ? rows : rows[1..])
            {
                var start = string.Concat(row[..^1].Select((cell, column) => cell.PadRight(widths[column]) + Gap));
                Append(output, row[^1], start, new string(' ', before), width);
            }

            return;
        }

        var titles = rows[0];
        foreach (var row in rows[1..])
        {
            Append(output, row[0], "", "", width);
            for (var column = 1; column < row.Length; column++)
            {
                if (row[column].Length > 0)
                {
                    Append(output, hasTitles ? $"{titles[column]}: {row[column]}" : row[column], Indentation, Indentation + Gap, width);
                }
            }
        }
    }

    private static void Append(StringBuilder output, string text, string start, string indentation, int width)
    {
        var line = new StringBuilder(start);
        var isEmpty = true;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!isEmpty && line.Length + 1 + word.Length > width)
            {
                output.Append(line).Append('\n');
                line.Clear().Append(indentation);
                isEmpty = true;
            }

            line.Append(isEmpty ? "" : " ").Append(word);
            isEmpty = false;
        }

        output.Append(line.ToString().TrimEnd()).Append('\n');
    }

    /// <summary>Without marks of emphasis and code; of links the words.</summary>
    private static string Plain(string text) => Emphasis().Replace(Link().Replace(text, "$1"), match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value);

    [GeneratedRegex("^(#+) +(.*)$")]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"^\|(?=.*-)[-:| ]+\|$")]
    private static partial Regex RuleLine();

    [GeneratedRegex("^<!-- .* -->$")]
    private static partial Regex CommentLine();

    [GeneratedRegex(@"^(- |\d+\. )")]
    private static partial Regex ItemStart();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellBorder();

    [GeneratedRegex(@"!?\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([^`]+)`|\*{1,2}([^*`]+)\*{1,2}")]
    private static partial Regex Emphasis();
}
