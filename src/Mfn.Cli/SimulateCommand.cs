using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary><c>mfn simulate</c>: runs a simulation and shows its frames as they stream in.</summary>
internal sealed class SimulateCommand
{
    public const string Name = "simulate";

    public const string Examples = """
        Examples:
          mfn simulate --kinetics gray-scott
          mfn simulate --kinetics schnakenberg:a=0.1,b=0.9,d=40 --rows 64 --columns 96 --out pattern.npy
          mfn simulate --kinetics gray-scott:F=0.025,k=0.055 --every 100 --movie growth.png --scale 3 --colorbar --species v
          mfn simulate --kinetics brusselator --integrator adi --time-step 0.01 --boundary neumann --initial pattern.npy
          mfn simulate --kinetics gray-scott --initial drawing.png --pattern-features
          mfn simulate
          mfn simulate --turing-threshold 0.05 --grid 128 --steps 30
          mfn simulate --grid 256 --steps 2000 --seed 7 --out field.npy
          mfn simulate --preset medium --no-turing --json
          mfn simulate --preset barkley-a0.75-b0.01-eps0.02 --rows 64 --columns 256 --movie spiral.png
          mfn simulate --variant engine --boundary neumann --activator-diffusion 0.01 --activator-rate 0.1 --inhibitor-rate 0.001 --turing-threshold 0.5
          mfn simulate --features --json
          mfn simulate --server http://127.0.0.1:50051 --every 10
          mfn simulate --steps 100 --every 10 --out-history history.npy
          mfn simulate --out-picture field.png --scale 4 --colorbar
          mfn simulate --every 1 --out-frames frames --range -80,40

        On a terminal it draws the field, in shades of characters if NO_COLOR is set or TERM is dumb; elsewhere it prints a line a frame.
        --out writes the final field in volts for numpy.load, --out-history all frames shown. With --kinetics --out writes all species, (species, rows, columns),
        in the model's unit: what --initial begins with.
        """;

    private const int DrawnFrameCount = 40;
    private const int MovieFrameCount = 60;
    private const int DefaultFrameCount = 20;

    private readonly SpecOptions _spec = new();
    private readonly Option<int?> _every = NumberOption.Create<int>("--every", "N", "Show every N-th step, and the last. Default: about twenty in all, forty on a terminal.").Fills("every_n_steps").AtLeast(1);
    private readonly Option<bool> _features = new("--features") { Description = "Compute the 18 features of the whole history, every step of it." };
    private readonly PatternFeatureFlags _pattern = new("after the last step, and its period");
    private readonly Option<string?> _species = SpeciesOption.Create("Species to show, by symbol. Default: the first, or the potential.");
    private readonly Option<bool> _cast = CastOption.Create();
    private readonly Option<string?> _file = new("--out") { Description = "Write the final field in volts as an NPY file of doubles; with --kinetics all species, (species, rows, columns).", HelpName = "FILE.npy" };
    private readonly SimulationOutputOptions _outputs = new();
    private readonly OutputOptions _answers = new();
    private readonly ServerConnection _connection = new();

    private SimulateCommand()
    {
    }

    public static Command Create()
    {
        var simulate = new SimulateCommand();
        var command = new Command(Name, "Runs a simulation and shows it streaming in.");
        simulate._spec.AddTo(command);
        foreach (var option in new Option[] { simulate._every, simulate._features, simulate._species, simulate._cast, simulate._file })
        {
            command.Add(option);
        }

        simulate._pattern.AddTo(command);
        simulate._outputs.AddTo(command);
        simulate._answers.AddTo(command);
        simulate._connection.AddTo(command);
        command.SetAction(simulate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var answer = _answers.Open(arguments);
        var path = OutputFile.Read(arguments, _file);
        var request = ReadRequest(arguments);
        var subject = SpecShape.Subject(request.Spec, arguments.GetValue(_species));
        var kept = path is null ? [] : SpeciesOf(request.Spec);
        AskFor(arguments.GetValue(_species), subject.Quantity.Species, kept, request);
        var texts = new PictureTexts(runId: null) { Spec = request.Spec };
        var steps = SpecShape.Steps(request.Spec);
        using var display = SimulationDisplay.Create(steps, subject.Quantity, answer, _outputs.Range(arguments));
        request.EveryNSteps = arguments.GetValue(_every) ?? DefaultInterval(steps, display.Draws, _outputs.MakesMovie(arguments));
        using var files = _outputs.Open(arguments, texts, request.Spec, ((long)steps + request.EveryNSteps - 1) / Math.Max(1, request.EveryNSteps), (_file.Name, path));
        request.FieldEncoding = EncodingOf(path is not null || files.Count > 0, display.Draws);
        var (definitions, (last, summary)) = await _connection.UseAsync(
            arguments,
            answer,
            async client => (
                request.Features is null ? null : await client.DescribeFeaturesAsync(cancellationToken),
                await display.ShowAsync(client.StreamSimulationAsync(request, cancellationToken), steps / Math.Max(1, request.EveryNSteps), frame => files.Write(frame, subject), cancellationToken)),
            cancellationToken);
        texts.Spec = summary.Spec;
        var written = files.Complete();
        if (path is not null && last?.Field is not null)
        {
            Write(path, last, request.Species, kept);
            written.Insert(0, $"wrote {path}");
        }

        display.Finish(summary, definitions, path);
        written.ForEach(answer.Note);
        return ExitCode.Success;
    }

    private StreamSimulationRequest ReadRequest(ParseResult arguments)
    {
        var request = new StreamSimulationRequest
        {
            Spec = _spec.Read(arguments),
            Features = arguments.GetValue(_features) ? new FeatureOptions() : null,
            PatternFeatures = _pattern.Read(arguments),
        };
        request.InitialFields.AddRange(_spec.ReadFields(arguments, request.Spec, arguments.GetValue(_cast)));
        arguments.RequireFor(request.InitialFields.Count > 0, "with --initial", _cast);
        return request;
    }

    private static ImmutableArray<string> SpeciesOf(SimulationSpec spec) => KineticsWire.ModelOf(spec) is { } model ? model.Species : [];

    // The species shown first, then the others that are kept.
    private static void AskFor(string? shown, string? symbol, ImmutableArray<string> kept, StreamSimulationRequest request)
    {
        if (shown is not null || kept.Length > 0)
        {
            request.Species.AddRange(kept.Where(each => each != symbol).Prepend(shown ?? kept[0]));
        }
    }

    private static FieldEncoding EncodingOf(bool isKept, bool isDrawn) =>
        isKept ? FieldEncoding.Float64 : isDrawn ? FieldEncoding.Float32 : FieldEncoding.Unspecified;

    private static int DefaultInterval(int steps, bool draws, bool makesMovie)
    {
        var frameCount = draws ? DrawnFrameCount : makesMovie ? MovieFrameCount : DefaultFrameCount;
        return Math.Max(1, draws ? (steps + frameCount - 1) / frameCount : steps / frameCount);
    }

    // The field shown; or of a kinetic model all species in the model's order, whichever is shown.
    private static void Write(string path, SimulationFrame last, IReadOnlyList<string> asked, IReadOnlyList<string> kept)
    {
        var field = last.Field;
        if (kept.Count == 0)
        {
            NpyFile.Write(path, field.ToCells(), field.Rows, field.Columns);
            return;
        }

        var fields = asked.Zip(last.FurtherFields.Prepend(field)).ToDictionary(each => SymbolOf(each.First, kept), each => each.Second);
        NpyFile.Write(path, [.. kept.SelectMany(each => fields[each].ToCells())], kept.Count, field.Rows, field.Columns);
    }

    // A species may be asked for by its number.
    private static string SymbolOf(string asked, IReadOnlyList<string> symbols) =>
        int.TryParse(asked, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < symbols.Count ? symbols[index] : asked;
}
