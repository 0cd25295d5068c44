using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Cli.Runs;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Core.Fractals;

namespace Mfn.Cli;

/// <summary><c>mfn fractal</c>: box-counting dimension, iterated function systems, stability of a history.</summary>
internal static class FractalCommand
{
    public const string Name = "fractal";
    public const string DimensionName = "dimension";
    public const string IfsName = "ifs";
    public const string StabilityName = "stability";

    public const string Examples = """
        Examples:
          mfn fractal dimension field.npy --threshold -60
          mfn fractal ifs --seed 7 --points 100000 --out points.npy
          mfn fractal stability history.npy --json
        """;

    public const string DimensionExamples = """
        Examples:
          mfn fractal dimension field.npy
          mfn fractal dimension field.npy --threshold -65 --version 5.0 --scales 6 --json
        """;

    public const string IfsExamples = """
        Examples:
          mfn fractal ifs
          mfn fractal ifs --seed 7 --points 100000 --maps 5 --out points.npy --json
        """;

    public const string StabilityExamples = """
        Examples:
          mfn fractal stability history.npy
          mfn fractal stability history.npy --time-step 0.5 --json
          mfn fractal stability monday.npy tuesday.npy -o jsonl
        """;

    public static Command Create() => new(Name, "Analyses fractals: box counting, iterated function systems, stability.")
    {
        CreateDimension(),
        CreateIfs(),
        CreateStability(),
    };

    private static Command CreateDimension()
    {
        var path = new Argument<string>("FIELD.npy") { Description = "A field in volts, (rows, columns)." }.Fills("field");
        var cast = CastOption.Create();
        var threshold = NumberOption.Create<double>("--threshold", "MV", "Cells above this potential in mV are counted. Default: -60.").Fills("threshold_millivolts");
        var boxes = new BoxOptions();
        var output = new OutputOptions();
        var connection = new ServerConnection();

        var command = new Command(DimensionName, "Estimates the box-counting dimension of the cells above a threshold.") { path, threshold, cast };
        boxes.AddTo(command);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ComputeBoxCountingDimensionRequest
            {
                Field = NpyField.Read(arguments.GetRequiredValue(path), arguments.GetValue(cast)),
                DefinitionVersion = arguments.GetValue(boxes.Version) ?? "",
            };
            arguments.Apply(threshold, value => request.ThresholdMillivolts = value);
            arguments.Apply(boxes.MinBox, value => request.MinBoxSize = value);
            arguments.Apply(boxes.MaxBox, value => request.MaxBoxSize = value);
            arguments.Apply(boxes.Scales, value => request.ScaleCount = value);

            var response = await connection.UseAsync(arguments, answer, client => client.ComputeBoxCountingDimensionAsync(request, cancellationToken), cancellationToken);
            var record = new JsonRecord();
            AddDefined(record, "dimension", response.HasDimension, response.Dimension, response.UndefinedReason);
            AddDefined(record, "r_squared", response.HasRSquared, response.RSquared, response.HasDimension ? "the box counts are equal at all sizes" : response.UndefinedReason);
            AddDefined(record, "standard_error", response.HasStandardError, response.StandardError, "fewer than three box sizes have counts that differ");
            record
                .Add("uncovered_share", response.UncoveredShare)
                .Add("box_sizes", response.BoxCounts.Select(each => (double?)each.Size))
                .Add("box_counts", response.BoxCounts.Select(each => each.Count));
            answer.Write(record, writer =>
            {
                TextTable.Write(
                    writer,
                    response.BoxCounts,
                    [
                        new("BOX", each => each.Size.ToString("0.###", CultureInfo.InvariantCulture), IsNumber: true),
                        new("OCCUPIED", each => each.Count.ToString(CultureInfo.InvariantCulture), IsNumber: true),
                    ],
                    answer.IsWide);
                writer.WriteLine(response.HasDimension
                    ? $"dimension {Fixed(response.Dimension)}{(response.HasStandardError ? $" ± {Fixed(response.StandardError)}" : "")}{(response.HasRSquared ? $", R² {Fixed(response.RSquared)}" : "")}"
                    : $"dimension not defined: {response.UndefinedReason}");
                if (response.UncoveredShare > 0)
                {
                    writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"boxes of some size leave out {response.UncoveredShare:0.0%} of the field; --version 5.0 covers it"));
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateIfs()
    {
        var seed = NumberOption.Create<long>("--seed", "N", "Seed of the random numbers: 0 to 2^63-1. Default: 42.").Fills("seed").WithinSeeds();
        var points = NumberOption.Create<int>("--points", "N", "Points of the orbit: 1000 to 100000. Default: 10000.").Fills("point_count").Within(1000, 100000);
        var maps = NumberOption.Create<int>("--maps", "N", "Number of affine maps: 2 to 8. Default: 4.").Fills("map_count").Within(2, 8);
        var file = new Option<string?>("--out") { Description = "Write the points as an NPY file of doubles, (points, 2).", HelpName = "FILE.npy" };
        var output = new OutputOptions();
        var connection = new ServerConnection();

        var command = new Command(IfsName, "Draws a random iterated function system and its orbit.") { seed, points, maps, file };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var path = OutputFile.Read(arguments, file);
            var request = new GenerateIteratedFunctionSystemRequest { WithPoints = path is not null };
            arguments.Apply(seed, value => request.Seed = value);
            arguments.Apply(points, value => request.PointCount = value);
            arguments.Apply(maps, value => request.MapCount = value);

            var response = await connection.UseAsync(
                arguments, answer, client => client.GenerateIteratedFunctionSystemAsync(request, cancellationToken), cancellationToken);
            if (path is not null)
            {
                var coordinates = MemoryMarshal.Cast<byte, double>(response.Points.Span);
                NpyFile.Write(path, coordinates, coordinates.Length / 2, 2);
            }

            answer.Write(
                new JsonRecord()
                    .Add("lyapunov_exponent", response.LyapunovExponent)
                    .Add("maps", response.Maps.Select(map => new JsonRecord().Add("a", map.A).Add("b", map.B).Add("c", map.C).Add("d", map.D).Add("e", map.E).Add("f", map.F)))
                    .Add("out", path),
                string.Create(CultureInfo.InvariantCulture, $"{response.Maps.Count} maps, mean log contraction {response.LyapunovExponent:0.000000}"));
            if (path is not null)
            {
                answer.Note($"wrote {path}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateStability()
    {
        var paths = new Argument<string[]>("HISTORY.npy") { Description = "Histories in volts, (frames, rows, columns); several files.", Arity = ArgumentArity.OneOrMore }.Fills("frames");
        var cast = CastOption.Create();
        var timeStep = NumberOption.Create<double>("--time-step", "T", "Time between two frames: above 0. Default: 1.").Fills("time_step").Within(StabilityAnalyzer.TimeStepRange);
        var output = new OutputOptions("One JSON object, for several files an array");
        var connection = new ServerConnection();

        var command = new Command(StabilityName, "Computes the reference's stability metrics of histories.") { paths, timeStep, cast };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            using var histories = new NpyHistories(arguments.GetRequiredValue(paths), arguments.GetValue(cast));
            var metrics = await connection.UseAsync(
                arguments,
                answer,
                async client =>
                {
                    var found = new List<(string File, ComputeHistoryStabilityResponse Metrics)>();
                    foreach (var (file, history) in histories.All)
                    {
                        var start = new ComputeHistoryStabilityStreamStart();
                        arguments.Apply(timeStep, value => start.TimeStep = value);
                        found.Add((file, await client.ComputeHistoryStabilityAsync(start, history.Frames(), cancellationToken)));
                    }

                    return found;
                },
                cancellationToken);
            answer.WriteEach(metrics, histories.All.Count > 1, each => ToJson(each.File, each.Metrics), writer => TextTable.Write(
                writer,
                metrics,
                [
                    new("FILE", each => each.File),
                    new("LYAPUNOV EXPONENT", each => Number(each.Metrics.HasLyapunovExponent, each.Metrics.LyapunovExponent), IsNumber: true),
                    new("STABLE", each => !each.Metrics.HasLyapunovExponent ? "-" : each.Metrics.IsStable ? "yes" : "no"),
                    new("MEAN CHANGE (V)", each => Number(each.Metrics.HasMeanChangeVolts, each.Metrics.MeanChangeVolts), IsNumber: true),
                    new("MAX CHANGE (V)", each => Number(each.Metrics.HasMaxChangeVolts, each.Metrics.MaxChangeVolts), IsNumber: true),
                    new("MEAN RATE (V/T)", each => Number(each.Metrics.HasMeanChangeRateVoltsPerTime, each.Metrics.MeanChangeRateVoltsPerTime), IsNumber: true, IsWide: true),
                    new("MAX RATE (V/T)", each => Number(each.Metrics.HasMaxChangeRateVoltsPerTime, each.Metrics.MaxChangeRateVoltsPerTime), IsNumber: true, IsWide: true),
                    new("FINAL STD (V)", each => Number(true, each.Metrics.FinalStandardDeviationVolts), IsNumber: true),
                    new("NOT DEFINED", each => each.Metrics.UndefinedReason),
                ],
                answer.IsWide));
            return ExitCode.Success;
        });
        return command;
    }

    private static JsonRecord ToJson(string file, ComputeHistoryStabilityResponse metrics)
    {
        const string SingleFrame = "there is only one frame";
        var record = new JsonRecord().Add("file", file);
        AddDefined(record, "lyapunov_exponent", metrics.HasLyapunovExponent, metrics.LyapunovExponent, metrics.UndefinedReason);
        if (metrics.HasLyapunovExponent)
        {
            record.Add("is_stable", metrics.IsStable);
        }
        else
        {
            // It is whether the exponent is negative.
            record.AddUndefined("is_stable", metrics.UndefinedReason);
        }

        record.Add("moving_steps", metrics.MovingStepCount);
        AddDefined(record, "mean_change_volts", metrics.HasMeanChangeVolts, metrics.MeanChangeVolts, SingleFrame);
        AddDefined(record, "max_change_volts", metrics.HasMaxChangeVolts, metrics.MaxChangeVolts, SingleFrame);
        AddDefined(record, "mean_change_rate_volts_per_time", metrics.HasMeanChangeRateVoltsPerTime, metrics.MeanChangeRateVoltsPerTime, SingleFrame);
        AddDefined(record, "max_change_rate_volts_per_time", metrics.HasMaxChangeRateVoltsPerTime, metrics.MaxChangeRateVoltsPerTime, SingleFrame);
        return record.Add("final_standard_deviation_volts", metrics.FinalStandardDeviationVolts);
    }

    private static void AddDefined(JsonRecord record, string name, bool isDefined, double value, string reason)
    {
        if (isDefined)
        {
            record.Add(name, value);
        }
        else
        {
            record.AddUndefined(name, reason);
        }
    }

    private static string Fixed(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);

    private static string Number(bool isDefined, double value) => isDefined ? value.ToString("G9", CultureInfo.InvariantCulture) : "-";
}
