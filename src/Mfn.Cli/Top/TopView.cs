using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Cli.Runs;
using Mfn.Cli.Terminals;

namespace Mfn.Cli.Top;

/// <summary>What a terminal shows of a server: lines of figures, below them a table of runs or of methods, and a line of keys. It knows no clock and no terminal.</summary>
internal sealed class TopView(string server, string order)
{
    private const int AboutWidth = 9;
    private const string Bold = "\e[1m";
    private const string Plain = "\e[0m";

    private static readonly (string Key, string Does)[] Keys =
    [
        ("m", "shows methods, or runs"),
        ("s", "sorts by the next column"),
        ("r", "sorts the other way round"),
        ("+ -", "looks more often, or less"),
        ("? h", "shows these keys, or the table"),
        ("q", "quits"),
    ];

    private ServerSight? _before;
    private ServerSight? _sight;
    private (string Reason, DateTimeOffset Until)? _away;
    private string _runOrder = order;
    private string _methodOrder = TopTable.MethodOrders[0];
    private bool _isReversed;
    private bool _showsMethods;
    private bool _showsKeys;

    /// <summary>Takes in what was seen.</summary>
    public void Take(ServerSight sight) => (_before, _sight, _away) = (_sight, sight, null);

    /// <summary>Says that the server is away, why, and when it is tried again.</summary>
    public void Away(string reason, DateTimeOffset until) => _away = (reason, until);

    /// <summary>Does what a key asks for; false if it is for nobody here.</summary>
    public bool Press(ConsoleKeyInfo key)
    {
        switch (key.KeyChar)
        {
            case 'm' or 'M' or '\t':
                _showsMethods = !_showsMethods;
                return true;
            case 's' or 'S' when _showsMethods:
                _methodOrder = Next(TopTable.MethodOrders, _methodOrder);
                return true;
            case 's' or 'S':
                _runOrder = Next(TopTable.RunOrders, _runOrder);
                return true;
            case 'r' or 'R':
                _isReversed = !_isReversed;
                return true;
            case 'h' or 'H' or '?':
                _showsKeys = !_showsKeys;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The text that draws it into a window of so many characters, whatever is there.</summary>
    /// <param name="width">Of the window.</param>
    /// <param name="height">Of the window.</param>
    /// <param name="hasStyle">Whether headings may be bold.</param>
    /// <param name="interval">How often it is looked.</param>
    /// <param name="now">The time.</param>
    public string Draw(int width, int height, bool hasStyle, TimeSpan interval, DateTimeOffset now)
    {
        var lines = new List<string>();
        if (_sight is { } sight)
        {
            var load = sight.LoadSince(_before);
            lines.AddRange(TopReport.Lines(load).Select(line => FactLine.Fit(width, [line.About.PadRight(AboutWidth), .. line.Facts])));

            // A small window has the figures; one that is smaller still the first of them.
            var room = height - 1 - lines.Count;
            if (room >= 2)
            {
                IEnumerable<string> table = _showsKeys ? Keys.Select(key => FactLine.First(width, $"{key.Key.PadRight(5)}{key.Does}", key.Key)) : Table(sight, load);
                lines.AddRange(table.Take(room).Select((line, i) => i == 0 && hasStyle && !_showsKeys ? $"{Bold}{Cut(line, width)}{Plain}" : Cut(line, width)));
            }
        }

        lines = [.. lines.Take(Math.Max(0, height - 1))];
        var status = Status(width, interval, now);

        // A line is cleared before it is written: behind a full one the cursor still stands on its last character.
        var empty = Enumerable.Repeat("", Math.Max(0, height - 1 - lines.Count));
        return $"\e[H{string.Concat(lines.Concat(empty).Select(line => $"\e[K{line}\r\n"))}\e[J{status}";
    }

    private string Status(int width, TimeSpan interval, DateTimeOffset now)
    {
        if (_away is var (reason, until))
        {
            var seconds = Math.Max(0, (int)Math.Ceiling((until - now).TotalSeconds));
            return FactLine.First(width, $"server away, trying again in {seconds} s: {reason}", $"server away, {seconds} s", "server away");
        }

        return _sight is null
            ? FactLine.Fit(width, "waiting for the first figures", server)
            : FactLine.Fit(width, $"by {(_showsMethods ? _methodOrder : _runOrder)}{(_isReversed ? ", least first" : "")}", "? keys", string.Create(CultureInfo.InvariantCulture, $"every {interval.TotalSeconds:0.#} s"), _showsMethods ? "" : _sight.RunProblem, server);
    }

    private string[] Table(ServerSight sight, ServerLoad load)
    {
        using var text = new StringWriter { NewLine = "\n" };
        if (_showsMethods)
        {
            TextTable.Write(text, TopTable.Sort(load.Methods, _methodOrder, _isReversed), TopTable.MethodColumns, isWide: false);
        }
        else
        {
            var runs = TopTable.Sort(sight.RunsSince(_before) ?? [], _runOrder, _isReversed);
            TextTable.Write(text, runs, TopTable.RunColumns(RunReport.ShortestIdLength([.. runs.Select(each => each.Run)])), isWide: false);
        }

        return text.ToString().TrimEnd('\n').Split('\n');
    }

    private static string Cut(string line, int width) => line[..Math.Min(line.Length, width)];

    private static string Next(IReadOnlyList<string> orders, string order) => orders[(orders.ToList().IndexOf(order) + 1) % orders.Count];
}
