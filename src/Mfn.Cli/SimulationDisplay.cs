using System.Globalization;
using System.Text.Json;
using Mfn.Contracts.V1;
using Spectre.Console;

namespace Mfn.Cli;

/// <summary>Shows a run: a progress bar on a terminal, a line a frame elsewhere, and at the end its summary as text or JSON.</summary>
internal sealed class SimulationDisplay
{
    private readonly int _steps;
    private readonly bool _asJson;
    private readonly TextWriter _progress;
    private readonly bool _isTerminal;

    private long _growthEvents;

    private SimulationDisplay(int steps, bool asJson, TextWriter progress, bool isTerminal)
    {
        _steps = steps;
        _asJson = asJson;
        _progress = progress;
        _isTerminal = isTerminal;
    }

    /// <summary>A display on standard output, or on standard error where that belongs to the JSON object.</summary>
    public static SimulationDisplay Create(int steps, bool asJson) => asJson
        ? new SimulationDisplay(steps, asJson, Console.Error, !Console.IsErrorRedirected)
        : new SimulationDisplay(steps, asJson, Console.Out, !Console.IsOutputRedirected);

    /// <summary>Shows the frames as they come; returns the last field, if frames have fields, and the summary.</summary>
    public async Task<(Field? Field, SimulationSummary Summary)> ShowAsync(IAsyncEnumerable<StreamSimulationResponse> responses)
    {
        if (!_isTerminal)
        {
            return await ReadAsync(responses, frame => _progress.WriteLine(Describe(frame)));
        }

        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_progress) });
        return await terminal.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("starting", maxValue: _steps);
                return await ReadAsync(responses, frame =>
                {
                    task.Value = frame.Step;
                    task.Description = Markup.Escape(Describe(frame));
                });
            });
    }

    /// <summary>Prints the summary; the definitions name its features, if it has any.</summary>
    public void Finish(SimulationSummary summary, DescribeFeaturesResponse? definitions, string? path)
    {
        if (_asJson)
        {
            Console.WriteLine(ToJson(summary, definitions));
        }
        else
        {
            var statistics = summary.Statistics;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {summary.Spec.GridSize} x {summary.Spec.GridSize} cells, {summary.Spec.Steps} steps, seed {summary.Spec.Seed}
                potential  {statistics.MinPotentialMillivolts:0.000} to {statistics.MaxPotentialMillivolts:0.000} mV, mean {statistics.MeanPotentialMillivolts:0.000} mV, standard deviation {statistics.PotentialStandardDeviationMillivolts:0.000} mV
                events     {summary.GrowthEventCount} growth, {summary.TuringActivationCount} Turing activations, {summary.ClampingEventCount} clampings
                """));
            if (summary.Features is not null && definitions is not null)
            {
                FeaturesCommand.PrintTable(definitions, summary.Features);
            }
        }

        if (path is not null)
        {
            _progress.WriteLine($"wrote {path}");
        }
    }

    private async Task<(Field? Field, SimulationSummary Summary)> ReadAsync(IAsyncEnumerable<StreamSimulationResponse> responses, Action<SimulationFrame> show)
    {
        Field? field = null;
        SimulationSummary? summary = null;
        await foreach (var response in responses)
        {
            switch (response.KindCase)
            {
                case StreamSimulationResponse.KindOneofCase.Frame:
                    field = response.Frame.Field;
                    _growthEvents += response.Frame.GrowthEvents.Count;
                    show(response.Frame);
                    break;
                case StreamSimulationResponse.KindOneofCase.Summary:
                    summary = response.Summary;
                    break;
            }
        }

        return (field, summary ?? throw new IOException("The server ended the stream without a summary."));
    }

    private string Describe(SimulationFrame frame)
    {
        var width = _steps.ToString(CultureInfo.InvariantCulture).Length;
        var step = frame.Step.ToString(CultureInfo.InvariantCulture).PadLeft(width);
        var statistics = frame.Statistics;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {step}/{_steps}  {statistics.MinPotentialMillivolts,7:0.00} to {statistics.MaxPotentialMillivolts,7:0.00} mV  mean {statistics.MeanPotentialMillivolts,7:0.00} mV  growth events {_growthEvents}");
    }

    private static string ToJson(SimulationSummary summary, DescribeFeaturesResponse? definitions)
    {
        var values = new Dictionary<string, object>
        {
            ["grid"] = summary.Spec.GridSize,
            ["steps"] = summary.Spec.Steps,
            ["seed"] = summary.Spec.Seed,
            ["growth_events"] = summary.GrowthEventCount,
            ["turing_activations"] = summary.TuringActivationCount,
            ["clamping_events"] = summary.ClampingEventCount,
            ["potential_min_mV"] = summary.Statistics.MinPotentialMillivolts,
            ["potential_max_mV"] = summary.Statistics.MaxPotentialMillivolts,
            ["potential_mean_mV"] = summary.Statistics.MeanPotentialMillivolts,
            ["potential_std_mV"] = summary.Statistics.PotentialStandardDeviationMillivolts,
        };
        if (summary.Features is not null && definitions is not null)
        {
            values["features"] = FeaturesCommand.ByName(definitions, summary.Features);
        }

        return JsonSerializer.Serialize(values);
    }
}
