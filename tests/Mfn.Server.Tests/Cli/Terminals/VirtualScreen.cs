using System.Globalization;
using System.Text.RegularExpressions;

namespace Mfn.Server.Tests.Cli.Terminals;

/// <summary>What a terminal of so many characters shows of what is written to it. It refuses what it does not know, and text that would break a line.</summary>
internal sealed partial class VirtualScreen(int width, int height)
{
    private readonly char[][] _cells = [.. Enumerable.Range(0, height).Select(_ => Enumerable.Repeat(' ', width).ToArray())];

    public int Row { get; private set; }

    public int Column { get; private set; }

    public bool HasCursor { get; private set; } = true;

    public bool IsOther { get; private set; }

    /// <summary>Lines that have gone over the top.</summary>
    public List<string> Scrolled { get; } = [];

    public IReadOnlyList<string> Lines => [.. _cells.Select(line => new string(line).TrimEnd())];

    public void Write(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == '\e')
            {
                var match = Sequence().Match(text, i);
                Assert.True(match.Success && match.Index == i, $"unknown sequence at '{text[i..Math.Min(text.Length, i + 10)]}'");
                Do(match.Groups[1].Value, match.Groups[2].Value);
                i += match.Length;
                continue;
            }

            Put(text[i++]);
        }
    }

    [GeneratedRegex(@"\e(?:\[([?0-9;]*)([A-Za-z])|>)")]
    private static partial Regex Sequence();

    private void Put(char character)
    {
        switch (character)
        {
            case '\r':
                Column = 0;
                break;
            case '\n' when Row == height - 1:
                Scrolled.Add(Lines[0]);
                Array.Copy(_cells, 1, _cells, 0, height - 1);
                _cells[^1] = [.. Enumerable.Repeat(' ', width)];
                break;
            case '\n':
                Row++;
                break;
            default:
                Assert.True(Column < width, $"The line '{Lines[Row]}' is longer than the window is wide.");
                _cells[Row][Column++] = character;
                break;
        }
    }

    private void Do(string arguments, string command)
    {
        switch (command)
        {
            case "H":
                Assert.Empty(arguments);
                (Row, Column) = (0, 0);
                break;
            case "A":
                Row -= int.Parse(arguments, CultureInfo.InvariantCulture);
                Assert.True(Row >= 0, "The cursor is moved over the top.");
                break;
            case "K":
                _cells[Row].AsSpan(Math.Min(Column, width - 1)).Fill(' ');
                break;
            case "J" when arguments == "2":
                Array.ForEach(_cells, line => Array.Fill(line, ' '));
                break;
            case "J":
                // Behind a full line the cursor still stands on its last character, which goes too.
                _cells[Row].AsSpan(Math.Min(Column, width - 1)).Fill(' ');
                Array.ForEach(_cells[(Row + 1)..], line => Array.Fill(line, ' '));
                break;
            case "h" or "l" when arguments == "?25":
                HasCursor = command == "h";
                break;
            case "h" or "l" when arguments == "?1049":
                IsOther = command == "h";
                break;
            case "h" or "l" when arguments is "?2026" or "?1":
            case "m":
            case "":
                break;
            default:
                Assert.Fail($"unknown sequence {arguments}{command}");
                break;
        }
    }
}
