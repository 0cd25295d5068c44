using System.Globalization;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>
/// Draws the field of a simulation on a terminal, over and over in the same place as it evolves. The last picture stays there, with a colour bar and facts
/// about the run. Disposed, it leaves the terminal as it was.
/// </summary>
internal sealed class SimulationPicture : IDisposable
{
    private const int MostFactLines = 3;
    private const int BarLines = 1;
    private const int PromptLines = 1;

    private readonly TerminalPicture _terminal;
    private readonly TerminalSession _session;
    private readonly Func<(int Width, int Height)> _windowSize;
    private readonly RangeTracker _ranges;
    private readonly int _steps;
    private readonly FieldQuantity _quantity;
    private (int Width, int Height) _lastSize;
    private int _lineCount;

    /// <param name="steps">The steps of the run.</param>
    /// <param name="quantity">What the cells are.</param>
    /// <param name="range">How the colours are chosen.</param>
    /// <param name="kind">What the terminal can do.</param>
    /// <param name="output">The terminal.</param>
    /// <param name="windowSize">Its size in characters.</param>
    public SimulationPicture(int steps, FieldQuantity quantity, RangeRule range, TerminalKind kind, Stream output, Func<(int Width, int Height)> windowSize)
    {
        (_steps, _quantity) = (steps, quantity);
        _ranges = new RangeTracker(range);
        _windowSize = windowSize;
        _terminal = new TerminalPicture(kind.Colors, kind.HasBlocks);
        _session = TerminalSession.Inline(output);
    }

    /// <summary>The lines of a field with its colour bar in a window of so many characters, beside which so many lines are wanted for other things.</summary>
    public static IEnumerable<string> Lines(TerminalPicture terminal, Field field, ReadOnlySpan<double> cells, ColorRange range, int width, int height)
    {
        var pictureHeight = Math.Max(1, height - BarLines - MostFactLines - PromptLines);
        return [.. terminal.Render(cells, field.Rows, field.Columns, width, pictureHeight, range), terminal.ColorBar(range, width)];
    }

    /// <summary>What is to be said of a run that has ended, in lines no longer than the window is wide.</summary>
    public static IReadOnlyList<string> Facts(SimulationSummary summary, int width)
    {
        if (summary.Statistics is not { } statistics)
        {
            return FactLine.Flow(
                width,
                MostFactLines,
                [
                    KineticsWire.Tell(summary.Spec) ?? "",
                    $"{SpecShape.Tell(summary.Spec)} cells",
                    $"{summary.Spec.Steps} steps",
                    Text($"time {summary.Time:G6}"),
                    $"seed {summary.Spec.Seed}",
                    .. summary.SpeciesStatistics.Select(SimulationReport.ToLine),
                ]);
        }

        return FactLine.Flow(
            width,
            MostFactLines,
            $"{summary.Spec.GridSize} x {summary.Spec.GridSize} cells",
            $"{summary.Spec.Steps} steps",
            $"seed {summary.Spec.Seed}",
            Text($"{statistics.MinPotentialMillivolts:0.000} to {statistics.MaxPotentialMillivolts:0.000} mV"),
            Text($"mean {statistics.MeanPotentialMillivolts:0.000} mV"),
            Text($"standard deviation {statistics.PotentialStandardDeviationMillivolts:0.000} mV"),
            $"{summary.GrowthEventCount} growth events",
            $"{summary.TuringActivationCount} Turing activations",
            $"{summary.ClampingEventCount} clampings");
    }

    /// <summary>Draws a frame over the one before.</summary>
    /// <exception cref="IOException">Nobody sees the terminal any more.</exception>
    public void Draw(SimulationFrame frame, long growthEvents)
    {
        var cells = frame.Field.ToCells();
        var range = _ranges.Take(cells, _quantity);
        var (width, height) = _windowSize();
        var species = frame.SpeciesStatistics.FirstOrDefault(each => each.Species == _quantity.Species);
        var status = frame.Statistics is not { } statistics ? FactLine.Fit(
            width,
            $"step {frame.Step}/{_steps}",
            Text($"time {frame.Time:G6}"),
            species is null ? "" : SimulationReport.ToLine(species)) : FactLine.Fit(
            width,
            $"step {frame.Step}/{_steps}",
            Text($"{statistics.MinPotentialMillivolts:0.0} to {statistics.MaxPotentialMillivolts:0.0} mV"),
            Text($"mean {statistics.MeanPotentialMillivolts:0.0} mV"),
            $"{growthEvents} growth events");
        string[] lines = [.. Lines(_terminal, frame.Field, cells, range, width, height), status];

        // What is higher than the window cannot be drawn over.
        Draw(lines.Take(height - 1), (width, height));
    }

    /// <summary>Draws the last frame once more, to stay, with the facts about the run.</summary>
    /// <exception cref="IOException">Nobody sees the terminal any more.</exception>
    public void Finish(Field? field, SimulationSummary summary)
    {
        var size = _windowSize();
        if (field is not null)
        {
            var cells = field.ToCells();
            Draw([.. Lines(_terminal, field, cells, _ranges.Take(cells, _quantity), size.Width, size.Height), .. Facts(summary, size.Width)], size);
        }
    }

    public void Dispose() => _session.Dispose();

    private void Draw(IEnumerable<string> lines, (int Width, int Height) size)
    {
        // A resized window has moved and broken the lines in its own way.
        var start = size == _lastSize || _lineCount == 0
            ? _lineCount == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\e[{_lineCount}A\r")
            : "\e[H\e[2J";
        var drawn = lines.ToArray();
        _session.Draw($"{start}{string.Concat(drawn.Select(line => $"\e[K{line}\r\n"))}\e[J");
        (_lineCount, _lastSize) = (drawn.Length, size);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
