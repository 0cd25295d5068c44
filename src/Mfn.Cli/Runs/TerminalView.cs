using System.Globalization;
using Mfn.Cli.Pictures;
using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>What a terminal shows of a watched run: the latest field, and a line about it.</summary>
internal sealed class TerminalView(ColorRange? range, bool isColored)
{
    private const double MillivoltsPerVolt = 1000;
    private const string Keys = "q quits";

    private FrameEvent? _frame;
    private long _droppedFrames;
    private string _note = "waiting for the first frame";

    /// <summary>Takes an event in.</summary>
    public void Take(WatchEvent told)
    {
        switch (told)
        {
            case FrameEvent frame:
                (_frame, _note) = (frame, "");
                break;
            case GapEvent gap:
                _droppedFrames += gap.DroppedFrames;
                break;
            default:
                _note = WatchText.ToLine(told);
                break;
        }
    }

    /// <summary>Puts something other than an event into the line.</summary>
    public void Note(string note) => _note = note;

    /// <summary>The text that draws it into a window of so many characters, whatever is there.</summary>
    public string Draw(int width, int height)
    {
        var lines = new List<string>();
        if (_frame?.Field is { } field)
        {
            var volts = _frame.Volts.Span;
            var colors = range ?? ColorRange.Of(volts);
            lines.AddRange(TerminalPicture.Render(volts, field.Rows, field.Columns, width, height - 1, colors, isColored));
            lines.Add(Cut(Describe(_frame, colors), width));
        }
        else
        {
            lines.Add(Cut(Join(_note, Keys), width));
        }

        // A line is cleared before it is written: behind a full one the cursor still stands on its last character.
        return $"\e[H\e[K{string.Join("\r\n\e[K", lines)}\e[J";
    }

    private string Describe(FrameEvent frame, ColorRange colors) => Join(
        $"step {frame.Position.Step}",
        frame.Position.Revision > 0 ? $"revision {frame.Position.Revision}" : "",
        string.Create(CultureInfo.InvariantCulture, $"{colors.Low * MillivoltsPerVolt:0.0} to {colors.High * MillivoltsPerVolt:0.0} mV"),
        $"growth events {frame.Facts.GrowthEventCount}",
        _droppedFrames > 0 ? $"{_droppedFrames} frames skipped" : "",
        _note,
        Keys);

    private static string Join(params IEnumerable<string> parts) => string.Join("  ", parts.Where(part => part.Length > 0));

    private static string Cut(string line, int width) => line[..Math.Clamp(width - 1, 0, line.Length)];
}
