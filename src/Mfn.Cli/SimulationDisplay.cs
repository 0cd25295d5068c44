using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>
/// Shows a run: draws its field on a terminal, or prints a line a frame, and the picture at the end if that is a terminal that cannot be drawn over; and at the
/// end its summary as text or JSON.
/// </summary>
internal sealed class SimulationDisplay : IDisposable
{
    // A run that takes no time shall be seen to evolve, but not be waited for.
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan LongestHolds = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DrawInterval = TimeSpan.FromMilliseconds(33);

    private readonly int _steps;
    private readonly FieldQuantity _quantity;
    private readonly Answer _answer;
    private readonly TextWriter _progress;
    private readonly TerminalKind? _terminal;
    private readonly RangeRule _range;
    private readonly SimulationPicture? _picture;
    private readonly TimeProvider _clock = TimeProvider.System;

    private long _growthEvents;
    private SimulationFrame? _last;

    private SimulationDisplay(int steps, FieldQuantity quantity, Answer answer, TextWriter progress, TerminalKind? terminal, RangeRule range)
    {
        (_steps, _quantity, _answer, _progress, _terminal, _range) = (steps, quantity, answer, progress, terminal, range);
        _picture = terminal is { CanMove: true } kind ? new SimulationPicture(steps, quantity, range, kind, Console.OpenStandardOutput(), WindowSize) : null;
    }

    /// <summary>Whether it shows fields, not only their statistics.</summary>
    public bool Draws => _terminal is not null;

    /// <summary>A display on standard output, or on standard error where that belongs to a program; on neither if nothing is to be said.</summary>
    public static SimulationDisplay Create(int steps, FieldQuantity quantity, Answer answer, RangeRule range) => answer switch
    {
        { IsQuiet: true } => new SimulationDisplay(steps, quantity, answer, TextWriter.Null, terminal: null, range),
        { IsJson: true } => new SimulationDisplay(steps, quantity, answer, answer.Error, terminal: null, range),
        _ => new SimulationDisplay(steps, quantity, answer, answer.Output, Console.IsOutputRedirected ? null : TerminalKind.Current, range),
    };

    /// <summary>
    /// Shows the frames as they come, and hands those with a field on; returns the last frame and the summary.
    /// </summary>
    /// <param name="responses">The frames and the summary.</param>
    /// <param name="frameCount">How many frames there will be.</param>
    /// <param name="take">Told of each frame with a field.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<(SimulationFrame? Last, SimulationSummary Summary)> ShowAsync(
        IAsyncEnumerable<StreamSimulationResponse> responses, int frameCount, Action<SimulationFrame> take, CancellationToken cancellationToken)
    {
        var hold = TimeSpan.FromTicks(Math.Min(LongestHold.Ticks, LongestHolds.Ticks / Math.Max(1, frameCount)));
        var drawn = 0L;
        SimulationSummary? summary = null;
        await foreach (var response in responses)
        {
            switch (response.KindCase)
            {
                case StreamSimulationResponse.KindOneofCase.Frame:
                    var frame = response.Frame;
                    _last = frame;
                    _growthEvents += frame.GrowthEvents.Count;
                    if (frame.Field is not null)
                    {
                        take(frame);
                    }

                    if (_picture is null)
                    {
                        await _progress.WriteLineAsync(Describe(frame));
                    }
                    else if (drawn == 0 || _clock.GetElapsedTime(drawn) >= DrawInterval || hold >= DrawInterval)
                    {
                        _picture.Draw(frame, _growthEvents);
                        drawn = _clock.GetTimestamp();
                        await Task.Delay(hold, _clock, cancellationToken);
                    }

                    break;
                case StreamSimulationResponse.KindOneofCase.Summary:
                    summary = response.Summary;
                    break;
            }
        }

        return (_last, summary ?? throw new IOException("The server ended the stream without a summary."));
    }

    /// <summary>Prints the summary; the definitions name its features, if it has any.</summary>
    public void Finish(SimulationSummary summary, DescribeFeaturesResponse? definitions, string? path) =>
        _answer.Write(SimulationReport.ToJson(summary, definitions, path), writer =>
        {
            if (_picture is not null)
            {
                _picture.Finish(_last?.Field, summary);
                _picture.Dispose();
            }
            else
            {
                PrintLastPicture();
                SimulationReport.WriteText(writer, summary);
            }

            SimulationReport.WriteFeatures(writer, summary, definitions, _answer.IsWide);
        });

    public void Dispose() => _picture?.Dispose();

    private static (int Width, int Height) WindowSize() => TerminalSize.Now;

    // In characters that every terminal shows.
    private void PrintLastPicture()
    {
        if (_terminal is not { } kind || _last?.Field is not { } field)
        {
            return;
        }

        var (width, height) = WindowSize();
        var cells = field.ToCells();
        var picture = new TerminalPicture(kind.Colors, kind.HasBlocks);
        foreach (var line in SimulationPicture.Lines(picture, field, cells, new RangeTracker(_range).Take(cells, _quantity), width, height))
        {
            _progress.WriteLine(line);
        }
    }

    private string Describe(SimulationFrame frame)
    {
        var width = _steps.ToString(CultureInfo.InvariantCulture).Length;
        var step = frame.Step.ToString(CultureInfo.InvariantCulture).PadLeft(width);
        if (frame.SpeciesStatistics.FirstOrDefault(each => each.Species == _quantity.Species) is { } species)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"step {step}/{_steps}  time {frame.Time:G6}  {species.Species} {_quantity.Format(species.Minimum)} to {_quantity.Format(species.Maximum)}  mean {_quantity.Format(species.Mean)}");
        }

        if (frame.Statistics is not { } statistics)
        {
            return $"step {step}/{_steps}";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {step}/{_steps}  {statistics.MinPotentialMillivolts,7:0.00} to {statistics.MaxPotentialMillivolts,7:0.00} mV  mean {statistics.MeanPotentialMillivolts,7:0.00} mV  growth events {_growthEvents}");
    }
}
