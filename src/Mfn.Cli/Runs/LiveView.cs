using System.Globalization;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>
/// What a terminal shows of a watched run: the latest field or the keys, below it a colour bar and a line about the run. It knows no clock and no terminal.
/// </summary>
internal sealed class LiveView
{
    private const int LeastHeightWithBar = 4;
    private const string KeyHint = "? keys";

    private readonly TerminalPicture _terminal;
    private readonly RangeTracker _ranges;
    private readonly CellArea? _given;
    private readonly bool _canCut;
    private FrameEvent? _frame;
    private ColorRange? _fixed;
    private ColorRange _range;
    private Viewport? _viewport;
    private Run? _run;
    private string _end = "";
    private string _note = "";
    private (string Reason, DateTimeOffset Until)? _away;
    private long _droppedFrames;
    private bool _showsKeys;

    /// <param name="terminal">Draws fields.</param>
    /// <param name="range">How the colours are chosen.</param>
    /// <param name="region">The only part of the field to look at, if the user has chosen one.</param>
    /// <param name="canCut">Whether other parts of the field, and coarser ones, may be asked for.</param>
    public LiveView(TerminalPicture terminal, RangeRule range, CellArea? region, bool canCut)
    {
        (_terminal, _given, _canCut) = (terminal, region, canCut);
        _ranges = new RangeTracker(range);
        _viewport = region is { } world ? new Viewport(world) : null;
    }

    /// <summary>Takes an event in.</summary>
    public void Take(WatchEvent told)
    {
        _away = null;
        switch (told)
        {
            case FrameEvent frame:
                _frame = frame;
                if (frame.Field is not null)
                {
                    _range = _fixed ?? _ranges.Take(frame.Cells.Span, QuantityOf(frame));
                    _viewport ??= WorldOf(frame) is { } world ? new Viewport(world) : null;
                }

                break;
            case GapEvent gap:
                _droppedFrames += gap.DroppedFrames;
                break;
            case FellBehindEvent:
                _note = "too slow for all frames";
                break;
            case CaughtUpEvent:
                _note = "";
                break;
            case EndEvent end:
                _end = $"ended: {WireName.Of(end.Reason).ToLowerInvariant()}{(end.Detail.Length > 0 ? $", {end.Detail}" : "")}";
                break;
        }
    }

    /// <summary>Takes in how the run is, which the server has just said.</summary>
    public void Take(Run run)
    {
        (_run, _away) = (run, null);
        _viewport ??= new Viewport(_given ?? WholeOf(run.Spec));
    }

    /// <summary>Says that the server is away, why, and when it is tried again.</summary>
    public void Away(string reason, DateTimeOffset until) => _away = (reason, until);

    /// <summary>Says something until the next key.</summary>
    public void Note(string note) => _note = note;

    /// <summary>Does what a key asks for, if that is about the view in a window of so many characters; false if the key is for the run or nobody.</summary>
    public bool Press(ConsoleKeyInfo key, int width, int height)
    {
        _note = "";
        var pictureHeight = PictureHeight(height);
        switch (key)
        {
            case { Key: ConsoleKey.UpArrow }:
                _viewport?.Move(-1, 0, width, pictureHeight);
                return true;
            case { Key: ConsoleKey.DownArrow }:
                _viewport?.Move(1, 0, width, pictureHeight);
                return true;
            case { Key: ConsoleKey.LeftArrow }:
                _viewport?.Move(0, -1, width, pictureHeight);
                return true;
            case { Key: ConsoleKey.RightArrow }:
                _viewport?.Move(0, 1, width, pictureHeight);
                return true;
            case { KeyChar: 'z' }:
                _viewport?.ZoomIn();
                return true;
            case { KeyChar: 'Z' }:
                _viewport?.ZoomOut();
                return true;
            case { KeyChar: 'r' or 'R' }:
                ToggleRange();
                return true;
            case { KeyChar: 'h' or 'H' or '?' }:
                _showsKeys = !_showsKeys;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The cells to inject into; none before the field is known.</summary>
    public CellArea? InjectionArea(int width, int height) => _viewport?.AroundCursor(width, PictureHeight(height));

    /// <summary>How much of the species that is shown an injection adds: half of what the colours stand for; none where the potential is shown.</summary>
    public (string Species, double Amount)? InjectionAmount => _range.Quantity.Species is { } species ? (species, (_range.High - _range.Low) / 2) : null;

    /// <summary>What to ask the server for; null for what the user asked for.</summary>
    public FrameCut? Cut(int width, int height) => _canCut ? _viewport?.Cut(width, PictureHeight(height)) : null;

    /// <summary>The text that draws it into a window of so many characters, whatever is there.</summary>
    public string Draw(int width, int height, DateTimeOffset now)
    {
        var pictureHeight = PictureHeight(height);
        var lines = new List<string>();
        if (_showsKeys)
        {
            lines.AddRange(KeyHelp.Lines(width, pictureHeight));
        }
        else if (_frame is { Field: not null } frame)
        {
            lines.AddRange(Picture(frame, width, pictureHeight));
        }

        if (HasBar(height) && _frame is { Field: not null })
        {
            lines.Add(_terminal.ColorBar(_range, width));
        }

        lines.Add(Status(width, now));

        // A line is cleared before it is written: behind a full one the cursor still stands on its last character.
        return $"\e[H{string.Concat(lines.SkipLast(1).Select(line => $"\e[K{line}\r\n"))}\e[J{lines[^1]}";
    }

    /// <summary>The lines to leave behind when nothing more is to be seen, none if there was nothing.</summary>
    public IEnumerable<string> Last(int width, int height)
    {
        if (_frame is not { Field: not null } frame)
        {
            return [];
        }

        // The line of the token and the prompt follow.
        const int OtherLines = 4;
        return
        [
            .. Picture(frame, width, Math.Max(1, height - OtherLines)),
            _terminal.ColorBar(_range, width),
            FactLine.Fit(width, [.. Facts(frame), .. More(frame)]),
        ];
    }

    private static CellArea WholeOf(SimulationSpec spec)
    {
        var (rows, columns) = SpecShape.Of(spec);
        return new CellArea(0, 0, rows, columns);
    }

    private static FieldQuantity QuantityOf(FrameEvent frame) => new(frame.Facts.SpeciesStatistics?.Species);

    private static bool HasBar(int height) => height >= LeastHeightWithBar;

    private static int PictureHeight(int height) => height - 1 - (HasBar(height) ? 1 : 0);

    private static CellArea? WorldOf(FrameEvent frame) => frame.Facts switch
    {
        { Region: { } region } => CellArea.Of(region),
        { Downsampling: <= 1 } => new CellArea(0, 0, frame.Field!.Rows, frame.Field.Columns),
        _ => null,
    };

    private IReadOnlyList<string> Picture(FrameEvent frame, int width, int height)
    {
        var field = frame.Field!;
        if (_viewport is not { } viewport)
        {
            return _terminal.Render(frame.Cells.Span, field.Rows, field.Columns, width, height, _range);
        }

        // What was asked for before the view changed is cut, or shown as it is, until what is asked for now has come.
        var (firstRow, firstColumn) = (frame.Facts.Region?.Row ?? 0, frame.Facts.Region?.Column ?? 0);
        var size = Math.Max(1, frame.Facts.Downsampling);
        var (top, bottom) = Part(viewport.Area.Row - firstRow, viewport.Area.RowCount, size, field.Rows);
        var (left, right) = Part(viewport.Area.Column - firstColumn, viewport.Area.ColumnCount, size, field.Columns);
        var cut = new double[(bottom - top) * (right - left)];
        for (var row = top; row < bottom; row++)
        {
            frame.Cells.Span[((row * field.Columns) + left)..((row * field.Columns) + right)].CopyTo(cut.AsSpan((row - top) * (right - left)));
        }

        (int, int)? mark = viewport.Cursor is { } cursor
            ? (((cursor.Row - firstRow) / size) - top, ((cursor.Column - firstColumn) / size) - left)
            : null;
        return _terminal.Render(cut, bottom - top, right - left, width, height, _range, mark is var (y, x) && y >= 0 && y < bottom - top && x >= 0 && x < right - left ? mark : null);
    }

    private static (int Start, int End) Part(int firstCell, int cellCount, int size, int count)
    {
        var start = Math.Clamp(firstCell / size, 0, count - 1);
        var end = Math.Clamp((firstCell + cellCount + size - 1) / size, start + 1, count);
        return (start, end);
    }

    private void ToggleRange()
    {
        _fixed = _fixed is null && _frame is not null ? _range : null;
        if (_fixed is null && _frame is { Field: not null } frame)
        {
            _range = _ranges.Take(frame.Cells.Span, QuantityOf(frame));
        }

        _note = _fixed is null ? "range follows the field" : "range is fixed";
    }

    private string Status(int width, DateTimeOffset now)
    {
        if (_away is var (reason, until))
        {
            var seconds = (int)Math.Ceiling((until - now).TotalSeconds);
            var when = seconds > 0 ? $"trying again in {seconds} s" : "trying again now";
            return FactLine.First(width, $"server away, {when}: {reason}", $"server away, {when}", seconds > 0 ? $"server away, {seconds} s" : "server away");
        }

        return _frame is { } frame
            ? FactLine.Fit(width, [_note, .. Facts(frame), KeyHint, .. More(frame)])
            : FactLine.Fit(width, _note, "waiting for the first frame", KeyHint);
    }

    private IEnumerable<string> Facts(FrameEvent frame)
    {
        yield return $"step {frame.Position.Step}";
        yield return _end.Length > 0 ? _end : _run is null ? "" : _run.State switch
        {
            RunState.Running when _run.StepsPerSecond > 0 => string.Create(CultureInfo.InvariantCulture, $"{_run.StepsPerSecond:0.###} steps/s"),
            var state => WireName.Of(state).ToLowerInvariant(),
        };
        if (_viewport?.Cursor is { } cursor)
        {
            yield return Cell(frame, cursor);
        }
    }

    private IEnumerable<string> More(FrameEvent frame)
    {
        yield return QuantityOf(frame).Species is null
            ? $"{frame.Facts.GrowthEventCount} growth events"
            : string.Create(CultureInfo.InvariantCulture, $"time {frame.Facts.Time:G6}");
        yield return frame.Position.Revision > 0 ? $"revision {frame.Position.Revision}" : "";
        yield return _droppedFrames > 0 ? $"{_droppedFrames} frames skipped" : "";
        yield return _viewport is { IsWhole: false, Area: var area } ? $"rows {area.Row} to {area.Row + area.RowCount - 1}, columns {area.Column} to {area.Column + area.ColumnCount - 1}" : "";
    }

    private static string Cell(FrameEvent frame, (int Row, int Column) cursor)
    {
        var size = Math.Max(1, frame.Facts.Downsampling);
        var (row, column) = ((cursor.Row - (frame.Facts.Region?.Row ?? 0)) / size, (cursor.Column - (frame.Facts.Region?.Column ?? 0)) / size);
        var place = $"cell {cursor.Row},{cursor.Column}";
        return frame.Field is { } field && row >= 0 && row < field.Rows && column >= 0 && column < field.Columns
            ? $"{place}: {Tell(QuantityOf(frame), frame.Cells.Span[(row * field.Columns) + column])}"
            : place;

        static string Tell(FieldQuantity quantity, double value) => quantity.Species is { } species
            ? $"{species} = {quantity.Format(value)}"
            : string.Create(CultureInfo.InvariantCulture, $"{quantity.ToTold(value):0.0}{quantity.Suffix}");
    }
}
