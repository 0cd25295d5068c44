using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Output;
using Mfn.Cli.Pictures;
using Mfn.Core.Gallery;
using Mfn.Core.Simulation;

namespace Mfn.Cli;

/// <summary><c>mfn gallery</c>: simulates the presets of the gallery and draws them into one picture.</summary>
internal static class GalleryCommand
{
    public const string Name = "gallery";

    public const string Examples = """
        Examples:
          mfn gallery
          mfn gallery --list
          mfn gallery gray-scott-F0.037-k0.060 --out maze.png --tile 512
          mfn gallery --out wide.png --columns 9 --json

        A preset is a simulation that is known for its pattern, named by its numbers. Each takes a second or a few, on one processor.
        """;

    private const string DefaultFile = "gallery.png";
    private const int DefaultColumns = 5;
    private const int DefaultTile = 128;
    private const int LeastTile = 32;
    private const int MostTile = 1024;
    private const int StepsPerCheck = 200;

    public static Command Create()
    {
        var names = new Argument<string[]>("PRESET") { Description = "Presets of the gallery, by name. Default: all.", Arity = ArgumentArity.ZeroOrMore };
        names.CompletionSources.Add(_ => PresetGallery.All.Select(preset => new CompletionItem(preset.Name, detail: preset.Title)));
        var list = new Option<bool>("--list") { Description = "Tell which presets there are, and draw nothing." };
        var file = new Option<string?>("--out") { Description = "PNG file to draw them into. Default: gallery.png.", HelpName = "FILE.png" };
        var columns = NumberOption.Create<int>("--columns", "N", $"Presets beside each other: 1 to {PresetGallery.All.Length}. Default: {DefaultColumns}.").Within(1, PresetGallery.All.Length);
        var tile = NumberOption.Create<int>("--tile", "N", $"Pixels along a side of a preset: {LeastTile} to {MostTile}. Default: {DefaultTile}.").Within(LeastTile, MostTile);
        var output = new OutputOptions();

        var command = new Command(Name, "Draws the presets of the gallery into a picture.") { names, list, file, columns, tile };
        output.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var presets = Read(arguments, names, list, file, columns, tile);
            if (arguments.GetValue(list))
            {
                Write(answer, presets, null, []);
                return ExitCode.Success;
            }

            var path = OutputFile.Check(file.Name, arguments.GetValue(file) ?? DefaultFile);
            var frames = await SimulateAsync(presets, answer, cancellationToken);
            var tiles = presets.Select((preset, i) => (frames[i], ColorRange.Of(frames[i].Values.Span, frames[i].Subject.Quantity).Rounded(), TitleOf(preset))).ToArray();
            var picture = ContactSheet.Draw(tiles, arguments.GetValue(columns) ?? DefaultColumns, arguments.GetValue(tile) ?? DefaultTile);
            PngPicture.Write(path, picture, [("Software", PictureTexts.Software), ("Description", string.Join(", ", presets.Select(preset => preset.Name)))]);
            Write(answer, presets, path, frames);
            answer.Note($"wrote {path}, {picture.ColumnCount} x {picture.RowCount} pixels");
            return ExitCode.Success;
        });
        return command;
    }

    // The presets that are named; all problems of the arguments at once.
    private static Preset[] Read(ParseResult arguments, Argument<string[]> names, Option<bool> list, Option<string?> file, Option<int?> columns, Option<int?> tile)
    {
        var problems = new List<string>();
        string[] known = [.. PresetGallery.All.Select(preset => preset.Name)];
        string[] named = arguments.GetValue(names) is { Length: > 0 } given ? given : known;
        foreach (var unknown in named.Except(known))
        {
            var nearest = Suggestion.For(unknown, known, word => $"; did you mean {word}?");
            problems.Add($"'{unknown}' is no preset of the gallery{(nearest.Length > 0 ? nearest : "; mfn gallery --list has them.")}");
        }

        if (arguments.GetValue(file) is { } path)
        {
            OutputFile.Check(file.Name, path);
        }

        arguments.RequireFor(!arguments.GetValue(list), $"without {list.Name}", problems, file, columns, tile);
        problems.AddRange(NumberRanges.Problems(arguments));
        BadArgumentsException.ThrowIfAny([.. problems.Distinct()]);
        return [.. named.Distinct().Select(name => PresetGallery.All.Single(preset => preset.Name == name))];
    }

    private static async Task<FieldFrame[]> SimulateAsync(Preset[] presets, Answer answer, CancellationToken cancellationToken)
    {
        var frames = new FieldFrame[presets.Length];
        var doneCount = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, presets.Length), options, (i, token) =>
        {
            frames[i] = Simulate(presets[i], token);
            lock (frames)
            {
                answer.Trace($"{presets[i].Name}: {++doneCount} of {presets.Length} done");
            }

            return ValueTask.CompletedTask;
        });
        return frames;
    }

    private static FieldFrame Simulate(Preset preset, CancellationToken cancellationToken)
    {
        using var engine = new SimulationEngine(preset.Spec);
        while (engine.Step < preset.Spec.StepCount)
        {
            engine.Advance(Math.Min(StepsPerCheck, preset.Spec.StepCount - engine.Step), cancellationToken: cancellationToken);
        }

        var pattern = preset.Pattern;
        var subject = new FieldSubject(new FieldQuantity(pattern.Kinetics.Model.Species[preset.Species]), pattern.CellWidth);
        return new FieldFrame(engine.Step, 0, pattern.RowCount, pattern.ColumnCount, engine.Species(preset.Species).ToArray(), subject);
    }

    private static void Write(Answer answer, Preset[] presets, string? path, FieldFrame[] frames)
    {
        var record = new JsonRecord()
            .Add("presets", presets.Select((preset, i) =>
            {
                var pattern = preset.Pattern;
                var each = new JsonRecord()
                    .Add("name", preset.Name)
                    .Add("title", preset.Title)
                    .Add("source", preset.Source)
                    .Add("kinetics", Tell(preset))
                    .Add("rows", pattern.RowCount)
                    .Add("columns", pattern.ColumnCount)
                    .Add("cell_width", pattern.CellWidth)
                    .Add("time_step", pattern.TimeStep)
                    .Add("steps", preset.Spec.StepCount)
                    .Add("species", pattern.Kinetics.Model.Species[preset.Species]);
                if (i >= frames.Length)
                {
                    return each;
                }

                var range = ColorRange.Of(frames[i].Values.Span);
                return each.Add("minimum", range.Low).Add("maximum", range.High);
            }))
            .Add("out", path);
        answer.Write(record, writer => TextTable.Write(
            writer,
            presets,
            [
                new("PRESET", preset => preset.Name),
                new("WHAT IS SEEN", preset => preset.Title),
                new("STEPS", preset => preset.Spec.StepCount.ToString(CultureInfo.InvariantCulture), IsNumber: true),
                new("KINETICS", Tell, IsWide: true),
                new("SOURCE", preset => preset.Source, IsWide: true),
            ],
            answer.IsWide));
    }

    // The model on a line of its own, then the numbers.
    private static string TitleOf(Preset preset)
    {
        var model = preset.Pattern.Kinetics.Model.Name;
        return preset.Name.StartsWith($"{model}-", StringComparison.Ordinal) ? $"{model}\n{preset.Name[(model.Length + 1)..]}" : preset.Name;
    }

    // As --kinetics takes it.
    private static string Tell(Preset preset)
    {
        var kinetics = preset.Pattern.Kinetics;
        var values = kinetics.Model.Parameters.Select((parameter, i) => string.Create(CultureInfo.InvariantCulture, $"{parameter.Symbol}={kinetics.Values[i]}"));
        return $"{kinetics.Model.Name}:{string.Join(',', values)}";
    }
}
