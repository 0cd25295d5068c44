using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary><c>mfn simulate</c>: runs a simulation and shows its frames as they stream in.</summary>
internal static class SimulateCommand
{
    public const string Name = "simulate";

    public const string Examples = """
        Examples:
          mfn simulate --kinetics gray-scott
          mfn simulate --kinetics schnakenberg:a=0.1,b=0.9,d=40 --rows 64 --columns 96 --out pattern.npy
          mfn simulate --kinetics gray-scott:F=0.025,k=0.055 --every 100 --movie growth.png --scale 3 --colorbar --species v
          mfn simulate --kinetics brusselator --integrator adi --time-step 0.01 --boundary neumann --initial pattern.npy
          mfn simulate
          mfn simulate --turing-threshold 0.05 --grid 128 --steps 30
          mfn simulate --grid 256 --steps 2000 --seed 7 --out field.npy
          mfn simulate --preset medium --no-turing --json
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

    public static Command Create()
    {
        var spec = new SpecOptions();
        var every = NumberOption.Create<int>("--every", "N", "Show every N-th step, and the last. Default: about twenty in all, forty on a terminal.").Fills("every_n_steps").AtLeast(1);
        var features = new Option<bool>("--features") { Description = "Compute the 18 features of the whole history, every step of it." };
        var species = SpeciesOption.Create("Species to show, by symbol. Default: the first, or the potential.");
        var cast = CastOption.Create();
        var file = new Option<string?>("--out") { Description = "Write the final field in volts as an NPY file of doubles; with --kinetics all species, (species, rows, columns).", HelpName = "FILE.npy" };
        var outputs = new SimulationOutputOptions();
        var answers = new OutputOptions();
        var connection = new ServerConnection();

        var command = new Command(Name, "Runs a simulation and shows it streaming in.");
        spec.AddTo(command);
        command.Add(every);
        command.Add(features);
        command.Add(species);
        command.Add(cast);
        command.Add(file);
        outputs.AddTo(command);
        answers.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = answers.Open(arguments);
            var path = OutputFile.Read(arguments, file);
            var request = new StreamSimulationRequest
            {
                Spec = spec.Read(arguments),
                Features = arguments.GetValue(features) ? new FeatureOptions() : null,
            };
            request.InitialFields.AddRange(spec.ReadFields(arguments, arguments.GetValue(cast)));
            arguments.RequireFor(request.InitialFields.Count > 0, "with --initial", cast);
            var shown = arguments.GetValue(species);
            var subject = SpecShape.Subject(request.Spec, shown);
            var all = path is not null && KineticsWire.ModelOf(request.Spec) is { } model ? model.Species : [];
            request.Species.AddRange(shown is null && all.IsEmpty ? [] : all.Where(each => each != subject.Quantity.Species).Prepend(shown ?? all[0]));
            var texts = new PictureTexts(runId: null) { Spec = request.Spec };
            var steps = SpecShape.Steps(request.Spec);
            using var display = SimulationDisplay.Create(steps, subject.Quantity, answer, outputs.Range(arguments));
            var frameCount = display.Draws ? DrawnFrameCount : outputs.MakesMovie(arguments) ? MovieFrameCount : DefaultFrameCount;
            request.EveryNSteps = arguments.GetValue(every) ?? (display.Draws ? Math.Max(1, (steps + frameCount - 1) / frameCount) : Math.Max(1, steps / frameCount));
            using var files = outputs.Open(arguments, texts, request.Spec, ((long)steps + request.EveryNSteps - 1) / Math.Max(1, request.EveryNSteps), (file.Name, path));
            request.FieldEncoding = path is not null || files.Count > 0 ? FieldEncoding.Float64 : display.Draws ? FieldEncoding.Float32 : FieldEncoding.Unspecified;
            var (definitions, (last, summary)) = await connection.UseAsync(
                arguments,
                answer,
                async client => (
                    request.Features is null ? null : await client.DescribeFeaturesAsync(cancellationToken),
                    await display.ShowAsync(client.StreamSimulationAsync(request, cancellationToken), steps / Math.Max(1, request.EveryNSteps), frame => files.Write(frame, subject), cancellationToken)),
                cancellationToken);
            texts.Spec = summary.Spec;
            var written = files.Complete();
            if (path is not null && last?.Field is { } field)
            {
                if (all.IsEmpty)
                {
                    NpyFile.Write(path, field.ToVolts(), field.Rows, field.Columns);
                }
                else
                {
                    var fields = request.Species.Zip(last.FurtherFields.Prepend(field)).ToDictionary(each => each.First, each => each.Second);
                    NpyFile.Write(path, [.. all.SelectMany(each => fields[each].ToVolts())], all.Length, field.Rows, field.Columns);
                }

                written.Insert(0, $"wrote {path}");
            }

            display.Finish(summary, definitions, path);
            written.ForEach(answer.Note);
            return ExitCode.Success;
        });
        return command;
    }
}
