using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;

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
        """;

    public static Command Create() => new(Name, "Analyses fractals: box counting, iterated function systems, stability.")
    {
        CreateDimension(),
        CreateIfs(),
        CreateStability(),
    };

    private static Option<bool> JsonOption() => new("--json") { Description = "Print one JSON object." };

    private static Command CreateDimension()
    {
        var path = new Argument<string>("FIELD.npy") { Description = "A field in volts, (rows, columns)." };
        var cast = CastOption.Create();
        var threshold = NumberOption.Create<double>("--threshold", "MV", "Cells above this potential in mV are counted. Default: -60.");
        var boxes = new BoxOptions();
        var json = JsonOption();
        var connection = new ServerConnection();

        var command = new Command(DimensionName, "Estimates the box-counting dimension of the cells above a threshold.") { path, threshold, cast };
        boxes.AddTo(command);
        command.Add(json);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var history = NpyHistory.Open(arguments.GetRequiredValue(path), arguments.GetValue(cast));
            var request = new ComputeBoxCountingDimensionRequest
            {
                Field = history.Frames().Last(),
                DefinitionVersion = arguments.GetValue(boxes.Version) ?? "",
            };
            arguments.Apply(threshold, value => request.ThresholdMillivolts = value);
            arguments.Apply(boxes.MinBox, value => request.MinBoxSize = value);
            arguments.Apply(boxes.MaxBox, value => request.MaxBoxSize = value);
            arguments.Apply(boxes.Scales, value => request.ScaleCount = value);

            var response = await connection.UseAsync(arguments, client => client.ComputeBoxCountingDimensionAsync(request, cancellationToken), cancellationToken);
            if (arguments.GetValue(json))
            {
                PrintJson(new Dictionary<string, object>
                {
                    ["dimension"] = response.Dimension,
                    ["r_squared"] = response.RSquared,
                    ["is_defined"] = response.IsDefined,
                    ["box_sizes"] = response.BoxCounts.Select(each => each.Size),
                    ["box_counts"] = response.BoxCounts.Select(each => each.Count),
                });
                return ExitCode.Success;
            }

            foreach (var each in response.BoxCounts)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"boxes of {each.Size,5}  {each.Count,9} occupied"));
            }

            Console.WriteLine(response.IsDefined
                ? string.Create(CultureInfo.InvariantCulture, $"dimension {response.Dimension:0.000000}, R² {response.RSquared:0.000000}")
                : "dimension not defined: fewer than two box sizes have an occupied box");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateIfs()
    {
        var seed = NumberOption.Create<long>("--seed", "N", "Seed of the random numbers: 0 to 2^63-1. Default: 42.");
        var points = NumberOption.Create<int>("--points", "N", "Points of the orbit: 1000 to 100000. Default: 10000.");
        var maps = NumberOption.Create<int>("--maps", "N", "Number of affine maps: 2 to 8. Default: 4.");
        var output = new Option<string?>("--out") { Description = "Write the points as an NPY file of doubles, (points, 2).", HelpName = "FILE.npy" };
        var json = JsonOption();
        var connection = new ServerConnection();

        var command = new Command(IfsName, "Draws a random iterated function system and its orbit.") { seed, points, maps, output, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var path = OutputFile.Read(arguments, output);
            var request = new GenerateIteratedFunctionSystemRequest { WithPoints = path is not null };
            arguments.Apply(seed, value => request.Seed = value);
            arguments.Apply(points, value => request.PointCount = value);
            arguments.Apply(maps, value => request.MapCount = value);

            var response = await connection.UseAsync(
                arguments, client => client.GenerateIteratedFunctionSystemAsync(request, cancellationToken), cancellationToken);
            if (path is not null)
            {
                var coordinates = MemoryMarshal.Cast<byte, double>(response.Points.Span);
                NpyFile.Write(path, coordinates, coordinates.Length / 2, 2);
            }

            if (arguments.GetValue(json))
            {
                PrintJson(new Dictionary<string, object>
                {
                    ["lyapunov_exponent"] = response.LyapunovExponent,
                    ["maps"] = response.Maps.Select(map => new[] { map.A, map.B, map.C, map.D, map.E, map.F }),
                });
                return ExitCode.Success;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{response.Maps.Count} maps, mean log contraction {response.LyapunovExponent:0.000000}"));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateStability()
    {
        var path = new Argument<string>("HISTORY.npy") { Description = "A history in volts, (frames, rows, columns)." };
        var cast = CastOption.Create();
        var timeStep = NumberOption.Create<double>("--time-step", "T", "Time between two frames: above 0. Default: 1.");
        var json = JsonOption();
        var connection = new ServerConnection();

        var command = new Command(StabilityName, "Computes the reference's stability metrics of a history.") { path, timeStep, cast, json };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var history = NpyHistory.Open(arguments.GetRequiredValue(path), arguments.GetValue(cast));
            var request = new ComputeHistoryStabilityRequest { Frames = { history.Frames() } };
            arguments.Apply(timeStep, value => request.TimeStep = value);

            var response = await connection.UseAsync(arguments, client => client.ComputeHistoryStabilityAsync(request, cancellationToken), cancellationToken);
            var metrics = new Dictionary<string, object>
            {
                ["lyapunov_exponent"] = response.LyapunovExponent,
                ["is_stable"] = response.IsStable,
                ["mean_change_volts"] = response.MeanChangeVolts,
                ["max_change_volts"] = response.MaxChangeVolts,
                ["final_standard_deviation_volts"] = response.FinalStandardDeviationVolts,
            };
            if (arguments.GetValue(json))
            {
                PrintJson(metrics);
                return ExitCode.Success;
            }

            foreach (var (name, value) in metrics)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32} {value}"));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void PrintJson(Dictionary<string, object> values) => Console.WriteLine(JsonSerializer.Serialize(values));
}
